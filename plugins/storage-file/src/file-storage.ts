import type { Dirent } from 'node:fs'
import { opendir, realpath, stat, unlink } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import { chunkflowError, type Storage } from '@chunkflow/sdk'
import { checkKey, checkPrefix, limitConcurrency } from '@chunkflow/sdk/storage'
import { isTemporary, writeBytesAtomically } from './atomic-write.js'
import { publishIfAbsent, publishOver } from './conditional-write.js'
import { escapeCheck } from './escape-check.js'
import { fileFailure, isMissing, isSystemError } from './failures.js'
import { folderOfUrl, normalizeUrl } from './paths.js'
import { readRange, readVersion } from './read-bytes.js'

/** Files open at once: far below what a process may have, far above what a disk does at once. */
const OPEN_FILES = 128

/** A folder as a storage. It is made by the first write. Links inside it are followed by reads, not by writes. */
export function openFileStorage(url: string): Storage {
  const root = folderOfUrl(normalizeUrl(url))
  const limit = limitConcurrency(OPEN_FILES)
  const refuseEscape = escapeCheck(root)
  const fileOf = (key: string, signal: AbortSignal | undefined): string => {
    signal?.throwIfAborted()
    if (isTemporary(checkKey(key)))
      throw chunkflowError('storage-key-invalid', `"${key}" is a name for unfinished files`, {
        fix: 'choose another name',
      })
    return path.join(root, key)
  }

  return {
    root: `file://${root}`,
    read: async (key, { signal } = {}) => {
      const file = fileOf(key, signal)
      return limit(() => orMissing(file, readVersion))
    },
    readRange: async (key, start, length, { signal } = {}) => {
      const file = fileOf(key, signal)
      return limit(() => orMissing(file, () => readRange(file, start, length)))
    },
    size: async (key, { signal } = {}) => {
      const status = await orMissing(fileOf(key, signal), (file) => stat(file))
      return status?.isFile() ? status.size : null
    },
    write: async (key, bytes, { ifAbsent, ifVersion, signal } = {}) => {
      const file = fileOf(key, signal)
      await refuseEscape(path.dirname(file))
      const publish = ifAbsent
        ? publishIfAbsent
        : ifVersion === undefined
          ? undefined
          : publishOver(ifVersion)
      await limit(() => writeBytesAtomically(file, bytes, { publish, signal }))
    },
    list: (prefix, { signal } = {}) => listFiles(root, prefix, signal),
    delete: async (key, { signal } = {}) => {
      const file = fileOf(key, signal)
      await refuseEscape(path.dirname(file))
      await unlink(file).catch((error: unknown) => {
        // a folder is no object: there is nothing to delete
        if (!isMissing(error) && (error as NodeJS.ErrnoException).code !== 'EISDIR')
          throw fileFailure('write', file, error)
      })
    },
    describeAccess: async () => ({
      credential: `the user of this process (${userName()})`,
      facts: { folder: root },
    }),
  }
}

/** A process in a container may run under a number that no user has. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `number ${process.geteuid?.()}`
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

/** Walks only folders that can hold the prefix. Linked folders are entered once. */
async function* listFiles(
  root: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncIterable<string> {
  const pending = [checkPrefix(prefix)]
  const linked = new Set<string>()
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    signal?.throwIfAborted()
    const folder = path.join(root, current)
    for await (const entry of entriesOf(folder)) {
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

/** Entries that come with one call: a folder of blocks or meshes may have millions, and must not be held whole. */
const ENTRIES_AT_ONCE = 1024

async function* entriesOf(folder: string): AsyncIterable<Dirent> {
  try {
    yield* await opendir(folder, { bufferSize: ENTRIES_AT_ONCE })
  } catch (error) {
    if (!isMissing(error)) throw fileFailure('read', folder, error)
  }
}
