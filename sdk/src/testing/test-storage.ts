import path from 'node:path'
import type { ServiceFamily } from '@chunkflow/kernel/authoring'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import type { Storage, Store } from '../contracts/storage.js'

/** A storage in memory, for tests. */
export function memoryStorage(root = 'mem://test'): Storage & { readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>()
  return {
    root,
    objects,
    read: async (key) => (objects.has(key) ? { bytes: objects.get(key)! } : null),
    readRange: async (key, start, length) => {
      const bytes = objects.get(key)
      if (bytes === undefined) return null
      const first = start < 0 ? bytes.length + start : start
      return bytes.slice(first, first + length)
    },
    write: async (key, bytes) => void objects.set(key, bytes.slice()),
    size: async (key) => objects.get(key)?.length ?? null,
    async *list(prefix) {
      for (const key of [...objects.keys()]) if (key.startsWith(prefix)) yield key
    },
    delete: async (key) => void objects.delete(key),
  }
}

/** STORE over memory storages, one per path. */
export function memoryStore(): Store & { readonly storages: Map<string, ReturnType<typeof memoryStorage>> } {
  const storages = new Map<string, ReturnType<typeof memoryStorage>>()
  const normalize = (text: string): string => {
    const bare = text.replace(/^precomputed:\/\//, '').replace(/\/+$/, '')
    return /^[a-z]+:\/\//.test(bare) ? bare : `file://${path.resolve(bare)}`
  }
  return {
    storages,
    normalize,
    open: async (text) => {
      const url = normalize(text)
      const storage = storages.get(url) ?? memoryStorage(url)
      storages.set(url, storage)
      return storage
    },
  }
}

/** A keyed service from a plain record. */
export function serviceFamily<T>(services: Readonly<Record<string, T>>): ServiceFamily<T> {
  return {
    keys: () => Object.keys(services),
    has: (key) => Object.hasOwn(services, key),
    get: async (key) => {
      const service = services[key]
      if (service === undefined) throw chunkflowError('service-missing', `No service for "${key}"`)
      return service
    },
  }
}
