import type { Storage, StorageDriver, StoredObject } from '@chunkflow/sdk'
import { checkKey, checkPrefix } from './paths.js'
import { clampRange } from './read-bytes.js'

/**
 * `mem://name`: objects in memory for as long as the process lives. For trying things out. Like a bucket, it is one flat
 * list: what is written to `mem://a` as `b/c` is read from `mem://a/b` as `c`.
 */
export function memoryDriver(): StorageDriver {
  const objects = new Map<string, StoredObject>()
  return { open: (url) => memoryStorage(url, objects) }
}

function memoryStorage(root: string, objects: Map<string, StoredObject>): Storage {
  const find = (key: string): StoredObject | undefined => objects.get(`${root}/${checkKey(key)}`)
  return {
    root,
    read: async (key, { signal } = {}) => {
      signal?.throwIfAborted()
      const object = find(key)
      // a copy: what readers do to it must not change the object
      return object === undefined ? null : { ...object, bytes: object.bytes.slice() }
    },
    readRange: async (key, start, length, { signal } = {}) => {
      signal?.throwIfAborted()
      const bytes = find(key)?.bytes
      if (bytes === undefined) return null
      const { first, count } = clampRange(bytes.length, start, length)
      return bytes.slice(first, first + count)
    },
    size: async (key) => find(key)?.bytes.length ?? null,
    write: async (key, bytes, { contentEncoding } = {}) => {
      objects.set(`${root}/${checkKey(key)}`, {
        bytes: new Uint8Array(bytes),
        ...(contentEncoding === undefined ? {} : { contentEncoding }),
      })
    },
    async *list(prefix) {
      checkPrefix(prefix)
      const beginning = `${root}/${prefix}`
      for (const name of [...objects.keys()])
        if (name.startsWith(beginning)) yield name.slice(root.length + 1)
    },
    delete: async (key) => void objects.delete(`${root}/${checkKey(key)}`),
  }
}
