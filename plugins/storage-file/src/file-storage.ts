import { lstat, readdir, realpath, stat, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { chunkflowError, type Storage } from '@chunkflow/sdk'
import { isTemporary, writeAtomically } from './atomic-write.js'
import { fileFailure, isMissing, isSystemError } from './failures.js'
import { checkKey, checkPrefix, folderOfUrl, normalizeUrl } from './paths.js'
import { readRange, readWhole } from './read-bytes.js'

/** A folder as a storage. It is made by the first write. Links inside it are followed by reads, not by writes. */
export function openFileStorage(url: string): Storage {
  const root = folderOfUrl(normalizeUrl(url))
  const fileOf = (key: string): string => path.join(root, checkKey(key))

  return {
    root: `file://${root}`,
    read: async (key, { signal } = {}) => {
      signal?.throwIfAborted()
      const bytes = await orMissing(fileOf(key), readWhole)
      return bytes === null ? null : { bytes }
    },
    readRange: async (key, start, length, { signal } = {}) => {
      signal?.throwIfAborted()
      return orMissing(fileOf(key), (file) => readRange(file, start, length))
    },
    size: async (key) => {
      const status = await orMissing(fileOf(key), (file) => stat(file))
      return status?.isFile() ? status.size : null
    },
    write: async (key, bytes) => {
      const file = fileOf(key)
      await refuseEscape(root, file)
      await writeAtomically(file, (temporary) => writeFile(temporary, bytes))
    },
    list: (prefix) => listFiles(root, prefix),
    delete: async (key) => {
      const file = fileOf(key)
      await refuseEscape(root, file)
      await unlink(file).catch((error: unknown) => {
        // a folder is no object: there is nothing to delete
        if (!isMissing(error) && (error as NodeJS.ErrnoException).code !== 'EISDIR')
          throw fileFailure('write', file, error)
      })
    },
  }
}

/** Null when nothing is there; a folder is no object. */
async function orMissing<T>(file: string, action: (file: string) => Promise<T>): Promise<T | null> {
  try {
    return await action(file)
  } catch (error) {
    if (isMissing(error) || (isSystemError(error) && error.code === 'EISDIR')) return null
    throw isSystemError(error) ? fileFailure('read', file, error) : error
  }
}

/**
 * A folder inside the root that is a link to the outside would let a write escape. Looks at the nearest folder that
 * exists: the ones below it will be made inside it.
 * @throws storage-key-invalid
 */
async function refuseEscape(root: string, file: string): Promise<void> {
  const realRoot = await realpath(root).catch(() => null)
  if (realRoot === null) return
  for (let folder = path.dirname(file); folder !== root; folder = path.dirname(folder)) {
    const real = await realpath(folder).catch(() => null)
    if (real !== null && isInside(realRoot, real)) return
    if (real === null && !(await isLink(folder))) continue
    throw chunkflowError('storage-key-invalid', `${file} lies behind a link that leaves ${root}`, {
      fix: 'open the place the link points to instead',
    })
  }
}

const isInside = (folder: string, file: string): boolean => !/^\.\.(\/|$)/.test(path.relative(folder, file))

const isLink = async (file: string): Promise<boolean> =>
  (await lstat(file).catch(() => null))?.isSymbolicLink() ?? false

/** Walks only folders that can hold the prefix. Linked folders are entered once. */
async function* listFiles(root: string, prefix: string): AsyncIterable<string> {
  const pending = [checkPrefix(prefix)]
  const linked = new Set<string>()
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    const folder = path.join(root, current)
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return []
      throw fileFailure('read', folder, error)
    })
    for (const entry of entries) {
      const key = current === '' ? entry.name : `${current}/${entry.name}`
      if (!key.startsWith(prefix) && !prefix.startsWith(`${key}/`)) continue
      const file = path.join(folder, entry.name)
      const status = entry.isSymbolicLink() ? await stat(file).catch(() => null) : entry
      if (status?.isDirectory()) {
        if (entry.isSymbolicLink()) {
          const real = await realpath(file)
          if (linked.has(real)) continue
          linked.add(real)
        }
        pending.push(key)
      } else if (status?.isFile() && key.startsWith(prefix) && !isTemporary(entry.name)) yield key
    }
  }
}
