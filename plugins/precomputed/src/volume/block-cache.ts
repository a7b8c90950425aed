import type { BlockCache, TypedArray } from '@chunkflow/sdk'

/** What an entry costs besides its voxels. */
const ENTRY_BYTES = 256

interface Entry {
  readonly value: Promise<TypedArray | null>
  /** Known when it is loaded. */
  bytes: number
}

/** BLOCK_CACHE in memory; one per run. */
export function createBlockCache(): BlockCache {
  // a Map keeps the order of insertion: the first entry is the least recently used
  const entries = new Map<string, Entry>()
  let limit = 0
  let held = 0

  const drop = (key: string): void => {
    held -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
  const makeRoom = (): void => {
    for (const [key, { bytes }] of entries) {
      if (held <= limit) return
      // what is being loaded has no size yet
      if (bytes > 0) drop(key)
    }
  }
  return {
    reserve(bytes) {
      limit = Math.max(limit, bytes)
    },
    get(key, load) {
      const present = entries.get(key)
      if (present !== undefined) {
        entries.delete(key)
        entries.set(key, present)
        return present.value
      }
      const entry: Entry = { value: load(), bytes: 0 }
      entries.set(key, entry)
      return entry.value.then(
        (value) => {
          // it may have been forgotten meanwhile
          if (entries.get(key) === entry) {
            entry.bytes = ENTRY_BYTES + (value?.byteLength ?? 0)
            held += entry.bytes
            makeRoom()
          }
          return value
        },
        (error: unknown) => {
          if (entries.get(key) === entry) drop(key)
          throw error
        },
      )
    },
    forget: drop,
    forgetAll(prefix) {
      for (const key of entries.keys()) if (key.startsWith(prefix)) drop(key)
    },
  }
}
