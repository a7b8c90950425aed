import path from 'node:path'
import type { ServiceFamily } from '@chunkflow/kernel/authoring'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import type { Storage, Store, WriteOptions } from '../contracts/storage.js'
import { checkKey, checkPrefix, clampRange, conflict } from '../storage/index.js'

export interface MemoryStorage extends Storage {
  readonly objects: Map<string, Uint8Array>
  /** What was written beside the bytes. */
  readonly headers: Map<string, Pick<WriteOptions, 'cacheControl' | 'contentEncoding' | 'contentType'>>
}

/** A storage in memory, for tests. */
export function memoryStorage(root = 'mem://test'): MemoryStorage {
  const objects = new Map<string, Uint8Array>()
  const headers: MemoryStorage['headers'] = new Map()
  /** Every array is one version; its number is made when it is asked for. */
  const versions = new WeakMap<Uint8Array, string>()
  let counted = 0
  const versionOf = (bytes: Uint8Array): string => {
    const version = versions.get(bytes) ?? String(++counted)
    versions.set(bytes, version)
    return version
  }
  const find = (key: string, signal: AbortSignal | undefined): Uint8Array | undefined => {
    signal?.throwIfAborted()
    return objects.get(checkKey(key))
  }
  return {
    root,
    objects,
    headers,
    read: async (key, { signal } = {}) => {
      const bytes = find(key, signal)
      if (bytes === undefined) return null
      const contentEncoding = headers.get(key)?.contentEncoding
      return {
        bytes: bytes.slice(),
        version: versionOf(bytes),
        ...(contentEncoding === undefined ? {} : { contentEncoding }),
      }
    },
    readRange: async (key, start, length, { signal } = {}) => {
      const bytes = find(key, signal)
      if (bytes === undefined) return null
      const { first, count } = clampRange(bytes.length, start, length)
      return bytes.slice(first, first + count)
    },
    write: async (key, bytes, { ifAbsent = false, ifVersion, signal, ...beside } = {}) => {
      const before = find(key, signal)
      const version = before === undefined ? undefined : versionOf(before)
      if ((ifAbsent && before !== undefined) || (ifVersion !== undefined && ifVersion !== version))
        throw conflict(`${root}/${key}`, { ifAbsent })
      objects.set(key, new Uint8Array(bytes))
      headers.set(key, beside)
    },
    size: async (key, { signal } = {}) => find(key, signal)?.length ?? null,
    async *list(prefix, { signal } = {}) {
      checkPrefix(prefix)
      signal?.throwIfAborted()
      for (const key of [...objects.keys()]) if (key.startsWith(prefix)) yield key
    },
    delete: async (key, { signal } = {}) => {
      find(key, signal)
      objects.delete(key)
    },
  }
}

/** STORE over memory storages, one per path. */
export function memoryStore(): Store & { readonly storages: Map<string, MemoryStorage> } {
  const storages = new Map<string, MemoryStorage>()
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
