import { lstat, realpath } from 'node:fs/promises'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/sdk'

/** How long a folder is known to lie inside the root: looking costs as much as writing, and a folder takes many files. */
const KNOWN_MILLISECONDS = 1000
/** A volume has a folder a scale. */
const KNOWN_FOLDERS = 64

/**
 * A folder inside the root that is a link to the outside would let a write escape.
 * @returns a check of the folder of a file to be written or deleted, below the root; it throws storage-key-invalid
 */
export function escapeCheck(root: string): (folder: string) => Promise<void> {
  const known = new Map<string, number>()
  return async (folder) => {
    const now = performance.now()
    const looked = known.get(folder)
    if (looked !== undefined && now - looked < KNOWN_MILLISECONDS) return
    known.delete(folder)
    if (!(await refuseEscape(root, folder))) return
    if (known.size >= KNOWN_FOLDERS) known.clear()
    known.set(folder, now)
  }
}

/**
 * Looks at the nearest folder that exists: the ones below it will be made inside it.
 * @returns whether the folder itself exists
 */
async function refuseEscape(root: string, wanted: string): Promise<boolean> {
  const realRoot = await realpath(root).catch(() => null)
  if (realRoot === null) return false
  for (let folder = wanted; folder !== root; folder = path.dirname(folder)) {
    const real = await realpath(folder).catch(() => null)
    if (real !== null && isInside(realRoot, real)) return folder === wanted
    if (real === null && !(await isLink(folder))) continue
    throw chunkflowError('storage-key-invalid', `${wanted} lies behind a link that leaves ${root}`, {
      fix: 'open the place the link points to instead',
    })
  }
  return wanted === root
}

const isInside = (folder: string, file: string): boolean => !/^\.\.(\/|$)/.test(path.relative(folder, file))

const isLink = async (file: string): Promise<boolean> =>
  (await lstat(file).catch(() => null))?.isSymbolicLink() ?? false
