import type { Storage, StorageDriver } from '@chunkflow/sdk'
import { checkKey } from './paths.js'

/** `mem://name`: objects in memory for as long as the process lives. For trying things out. */
export function memoryDriver(): StorageDriver {
  const storages = new Map<string, Map<string, Uint8Array>>()
  return {
    open: (url) => {
      const objects = storages.get(url) ?? new Map<string, Uint8Array>()
      storages.set(url, objects)
      return memoryStorage(url, objects)
    },
  }
}

function memoryStorage(root: string, objects: Map<string, Uint8Array>): Storage {
  return {
    root,
    read: async (key) => {
      const bytes = objects.get(checkKey(key))
      return bytes === undefined ? null : { bytes }
    },
    readRange: async (key, start, length) => {
      const bytes = objects.get(checkKey(key))
      if (bytes === undefined) return null
      const first = Math.max(0, start < 0 ? bytes.length + start : start)
      return bytes.slice(first, first + length)
    },
    size: async (key) => objects.get(checkKey(key))?.length ?? null,
    write: async (key, bytes) => void objects.set(checkKey(key), bytes.slice()),
    async *list(prefix) {
      for (const key of [...objects.keys()]) if (key.startsWith(prefix)) yield key
    },
    delete: async (key) => void objects.delete(checkKey(key)),
  }
}
