import { keyedToken, refuseMethods, token } from '@chunkflow/kernel/authoring'

export interface StoredObject {
  readonly bytes: Uint8Array
  /** As the store reports it; `file://` has none (a `.gz` name is another object). */
  readonly contentEncoding?: string
}

export interface WriteOptions {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly cacheControl?: string
}

/**
 * One place that keeps objects: a bucket or a folder. Keys are relative, `/`-separated, and never leave the root
 * (`..`, absolute keys and empty parts are refused).
 */
export interface Storage {
  /** Where it points, for messages; never contains credentials. */
  readonly root: string
  /** Null when the object does not exist. */
  read(key: string, options?: { signal?: AbortSignal }): Promise<StoredObject | null>
  /** Bytes `[start, start + length)`; a negative start counts from the end. Null when the object does not exist. */
  readRange(
    key: string,
    start: number,
    length: number,
    options?: { signal?: AbortSignal },
  ): Promise<Uint8Array | null>
  /** Whole or not at all: another reader never sees half an object. */
  write(key: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>
  /** Bytes, or null when the object does not exist. */
  size(key: string): Promise<number | null>
  /** Keys that start with a prefix, in no particular order. Unfinished writes are not listed. */
  list(prefix: string): AsyncIterable<string>
  /** Deleting what does not exist is not an error. */
  delete(key: string): Promise<void>
}

/** Opens storages of one URL scheme. Providers are keyed by scheme: `file`, `s3`, `mem`. */
export interface StorageDriver {
  open(url: string): Promise<Storage> | Storage
}

export const STORAGE = keyedToken<StorageDriver>('chunkflow.storage', {
  readOnly: (driver) => ({
    open: async (url) => {
      const storage = await driver.open(url)
      return refuseMethods(storage, ['write', 'delete'], storage.root)
    },
  }),
})

/** Opens any volume or folder path: `file://`, `s3://`, plain paths, each optionally with a `precomputed://` prefix. */
export interface Store {
  open(path: string): Promise<Storage>
  /** `file:///abs/path` for plain paths and relative `file://` ones; the prefix is dropped; no trailing slash. */
  normalize(path: string): string
}

export const STORE = token<Store>('chunkflow.store')
