import { open, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { chunkflowError, type Storage } from '@chunkflow/sdk'
import { isTemporary, writeAtomically } from './atomic-write.js'
import { fileFailure, isSystemError } from './failures.js'
import { checkKey, folderOfUrl, normalizeUrl } from './paths.js'

/** A folder as a storage. It is made by the first write. */
export function openFileStorage(url: string): Storage {
  const root = folderOfUrl(normalizeUrl(url))
  const fileOf = (key: string): string => path.join(root, checkKey(key))

  /** Undefined when nothing is there. */
  async function orMissing<T>(file: string, action: Promise<T>): Promise<T | null> {
    try {
      return await action
    } catch (error) {
      if (
        isSystemError(error) &&
        (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR')
      )
        return null
      throw isSystemError(error) ? fileFailure('read', file, error) : error
    }
  }

  /** A folder inside the root that is a link to the outside would let a write escape. */
  async function refuseEscape(file: string): Promise<void> {
    const real = await realpath(path.dirname(file)).catch(() => null)
    const realRoot = await realpath(root).catch(() => null)
    if (
      real === null ||
      realRoot === null ||
      real === realRoot ||
      real.startsWith(realRoot.endsWith(path.sep) ? realRoot : realRoot + path.sep)
    )
      return
    throw chunkflowError('storage-key-invalid', `${file} lies behind a link that leaves ${root}`, {
      fix: 'open the place the link points to instead',
    })
  }

  return {
    root: `file://${root}`,
    read: async (key) => {
      const bytes = await orMissing(fileOf(key), readFile(fileOf(key)))
      return bytes === null ? null : { bytes }
    },
    readRange: async (key, start, length) => orMissing(fileOf(key), readRange(fileOf(key), start, length)),
    size: async (key) => {
      const status = await orMissing(fileOf(key), stat(fileOf(key)))
      return status?.isFile() ? status.size : null
    },
    write: async (key, bytes) => {
      const file = fileOf(key)
      await refuseEscape(file)
      await writeAtomically(file, (temporary) => writeFile(temporary, bytes))
    },
    list: (prefix) => listFiles(root, prefix),
    delete: async (key) => {
      const file = fileOf(key)
      await refuseEscape(file)
      await rm(file, { force: true }).catch((error: unknown) => {
        throw fileFailure('write', file, error)
      })
    },
  }
}

async function readRange(file: string, start: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const first = Math.max(0, start < 0 ? size + start : start)
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - first)))
    let done = 0
    while (done < bytes.length) {
      const { bytesRead } = await handle.read(bytes, done, bytes.length - done, first + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes.subarray(0, done)
  } finally {
    await handle.close()
  }
}

/** Walks only folders that can hold the prefix. */
async function* listFiles(root: string, prefix: string): AsyncIterable<string> {
  const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : ''
  if (folder !== '') checkKey(folder)
  const pending = [folder]
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    const entries = await readdir(path.join(root, current), { withFileTypes: true }).catch(
      (error: unknown) => {
        if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return []
        throw fileFailure('read', path.join(root, current), error)
      },
    )
    for (const entry of entries) {
      const key = current === '' ? entry.name : `${current}/${entry.name}`
      if (entry.isDirectory()) {
        if (key.startsWith(prefix) || prefix.startsWith(`${key}/`)) pending.push(key)
      } else if (key.startsWith(prefix) && !isTemporary(entry.name)) yield key
    }
  }
}
