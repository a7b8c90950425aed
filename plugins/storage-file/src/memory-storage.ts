import type { Storage, StorageDriver, StoredObject } from '@chunkflow/sdk'
import { checkKey, checkPrefix, clampRange, conflict } from '@chunkflow/sdk/storage'

/**
 * `mem://name`: objects in memory for as long as the process lives. For trying things out. Like a bucket, it is one flat
 * list: what is written to `mem://a` as `b/c` is read from `mem://a/b` as `c`.
 */
export function memoryDriver(): StorageDriver {
  const objects = new Map<string, StoredObject>()
  let writes = 0
  const nextVersion = (): string => String(++writes)
  return { open: (url) => memoryStorage(url, objects, nextVersion) }
}

function memoryStorage(root: string, objects: Map<string, StoredObject>, nextVersion: () => string): Storage {
  const find = (key: string, signal: AbortSignal | undefined): StoredObject | undefined => {
    signal?.throwIfAborted()
    return objects.get(`${root}/${checkKey(key)}`)
  }
  return {
    root,
    read: async (key, { signal } = {}) => {
      const object = find(key, signal)
      // a copy: what readers do to it must not change the object
      return object === undefined ? null : { ...object, bytes: object.bytes.slice() }
    },
    readRange: async (key, start, length, { signal } = {}) => {
      const bytes = find(key, signal)?.bytes
      if (bytes === undefined) return null
      const { first, count } = clampRange(bytes.length, start, length)
      return bytes.slice(first, first + count)
    },
    size: async (key, { signal } = {}) => find(key, signal)?.bytes.length ?? null,
    write: async (key, bytes, { contentEncoding, ifAbsent, ifVersion, signal } = {}) => {
      const before = find(key, signal)
      if ((ifAbsent && before !== undefined) || (ifVersion !== undefined && before?.version !== ifVersion))
        throw conflict(`${root}/${key}`, { ifAbsent: ifAbsent ?? false })
      objects.set(`${root}/${key}`, {
        bytes: new Uint8Array(bytes),
        version: nextVersion(),
        ...(contentEncoding === undefined ? {} : { contentEncoding }),
      })
    },
    async *list(prefix, { signal } = {}) {
      checkPrefix(prefix)
      const beginning = `${root}/${prefix}`
      for (const name of [...objects.keys()]) {
        signal?.throwIfAborted()
        if (name.startsWith(beginning)) yield name.slice(root.length + 1)
      }
    },
    delete: async (key, { signal } = {}) => {
      find(key, signal)
      objects.delete(`${root}/${key}`)
    },
    describeAccess: async () => ({ credential: 'none needed', facts: { place: 'memory of this process' } }),
  }
}
