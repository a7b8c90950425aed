import { keyedToken, refuseMethods, token } from '@chunkflow/kernel/authoring'

/** What every method of a storage takes: a signal that stops it. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined
}

export interface StoredObject {
  /** As stored: nothing on the way undoes the content encoding. */
  readonly bytes: Uint8Array
  /** As the store reports it; `file://` has none (a `.gz` name is another object). */
  readonly contentEncoding?: string
  /**
   * Names this state of the object for {@link WriteOptions.ifVersion}: an ETag, a generation, the identity of a file.
   * Absent where the storage knows no versions.
   */
  readonly version?: string
}

/** Headers are kept by storages that have them; folders have none. */
export interface WriteOptions extends Abortable {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly cacheControl?: string
  /** Write only when there is no such object; otherwise storage-conflict. Of several writers one wins. */
  readonly ifAbsent?: boolean
  /** Write only over this version of the object, as a read reported it; otherwise storage-conflict. */
  readonly ifVersion?: string
}

/** How a place is reached, for people; never holds a secret. */
export interface AccessDescription {
  /** Kind and origin: `access key from the environment`, `service account file ~/key.json`, `none (anonymous)`. */
  readonly credential: string
  /** What else decides the outcome, by name: region, endpoint, who pays. */
  readonly facts: Readonly<Record<string, string>>
}

/**
 * One place that keeps objects: a bucket or a folder. Keys are relative, `/`-separated, and never leave the root
 * (`..`, absolute keys and empty parts are refused with storage-key-invalid). Errors of all storages share the codes in
 * `SDK_ERROR_CODES`.
 */
export interface Storage {
  /** Where it points, for messages; never contains credentials. */
  readonly root: string
  /** Null when the object does not exist. */
  read(key: string, options?: Abortable): Promise<StoredObject | null>
  /**
   * Bytes `[start, start + length)` as far as they exist; a negative start counts from the end. Null when the object
   * does not exist.
   */
  readRange(key: string, start: number, length: number, options?: Abortable): Promise<Uint8Array | null>
  /**
   * Whole or not at all: another reader never sees half an object.
   * @throws storage-conflict when a condition does not hold; nothing is written then
   */
  write(key: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>
  /** Bytes, or null when the object does not exist. */
  size(key: string, options?: Abortable): Promise<number | null>
  /**
   * Keys that start with a prefix, in no particular order. Unfinished writes are not listed.
   * @throws storage-unsupported where there is no listing (web servers)
   */
  list(prefix: string, options?: Abortable): AsyncIterable<string>
  /** Deleting what does not exist is not an error. */
  delete(key: string, options?: Abortable): Promise<void>
  /** Which credential is used and where it comes from; asks no storage for anything. */
  describeAccess?(options?: Abortable): Promise<AccessDescription>
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
