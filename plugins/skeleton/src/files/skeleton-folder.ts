import { promisify } from 'node:util'
import zlib from 'node:zlib'
import {
  chunkflowError,
  isChunkflowError,
  type Skeleton,
  type Storage,
  type Store,
  type StoredObject,
} from '@chunkflow/sdk'
import { IDENTITY, INFO_TEXT, parseInfo, type SkeletonInfo } from './info.js'
import { decodeSkeleton, encodeSkeleton } from './precomputed.js'

const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip)
const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip)

/** Storages that keep no content encoding beside an object: there the name tells. */
const NAMED_COMPRESSION = /^(file|mem):/
const SUFFIX = '.gz'
/** No skeleton is larger: more is a bomb. */
const LARGEST_BYTES = 2 ** 31

export type Compression = 'gzip' | 'none'

/** A folder of skeletons in Neuroglancer's precomputed form: `<id>`, and fragments `<id>:<box>`. */
export interface SkeletonFolder {
  readonly root: string
  /** What the info file says; undefined when there is none. */
  readonly info: SkeletonInfo | undefined
  /** Writes the info file when there is none. */
  prepare(signal?: AbortSignal): Promise<void>
  /** Names that start with a prefix, without what compression adds to them; each once. */
  names(prefix: string, signal?: AbortSignal): AsyncIterable<string>
  /** Null when there is no such skeleton. @throws skeleton-fragments */
  read(name: string, signal?: AbortSignal): Promise<Skeleton | null>
  write(name: string, skeleton: Skeleton, signal?: AbortSignal): Promise<void>
  /** One that does not exist is no error. */
  remove(name: string, signal?: AbortSignal): Promise<void>
}

/** @throws skeleton-info when something else lies there */
export async function openSkeletonFolder(
  store: Store,
  path: string,
  compression: Compression = 'gzip',
): Promise<SkeletonFolder> {
  const storage = await store.open(path)
  const { root } = storage
  const stored = await storage.read('info')
  const info =
    stored === null
      ? undefined
      : parseInfo(Buffer.from(await bytesOf(stored, `${root}/info`)).toString('utf8'), `${root}/info`)
  const isNamed = NAMED_COMPRESSION.test(root)
  const written = isNamed && compression === 'gzip' ? SUFFIX : ''
  const other = written === '' ? SUFFIX : ''
  return {
    root,
    info,
    async prepare(signal) {
      if (info !== undefined) return
      try {
        await storage.write('info', Buffer.from(INFO_TEXT), {
          contentType: 'application/json',
          ifAbsent: true,
          ...withSignal(signal),
        })
      } catch (error) {
        // another worker was quicker
        if (!isChunkflowError(error) || error.code !== 'storage-conflict') throw error
      }
    },
    async *names(prefix, signal) {
      const seen = new Set<string>()
      for await (const key of storage.list(prefix, withSignal(signal))) {
        const name = isNamed && key.endsWith(SUFFIX) ? key.slice(0, -SUFFIX.length) : key
        // what is stored in both forms comes twice
        if (isNamed && seen.has(name)) continue
        if (isNamed) seen.add(name)
        yield name
      }
    },
    async read(name, signal) {
      const bytes = await find(storage, isNamed ? [name + written, name + other] : [name], signal)
      return bytes === null
        ? null
        : decodeSkeleton(bytes, info?.attributes, info?.transform ?? IDENTITY, `${root}/${name}`)
    },
    async write(name, skeleton, signal) {
      const plain = encodeSkeleton(skeleton)
      const bytes = compression === 'gzip' ? await pack(plain) : plain
      await storage.write(name + written, bytes, {
        contentType: 'application/octet-stream',
        ...(compression === 'gzip' && !isNamed ? { contentEncoding: 'gzip' } : {}),
        ...withSignal(signal),
      })
      // an older one in the other form would be read by others
      if (isNamed) await storage.delete(name + other, withSignal(signal))
    },
    async remove(name, signal) {
      for (const key of isNamed ? [name, name + SUFFIX] : [name])
        await storage.delete(key, withSignal(signal))
    },
  }
}

const withSignal = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })

async function find(
  storage: Storage,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  for (const key of keys) {
    const object = await storage.read(key, withSignal(signal))
    if (object !== null) return bytesOf(object, `${storage.root}/${key}`)
  }
  return null
}

const bytesOf = ({ bytes, contentEncoding }: StoredObject, where: string): Promise<Uint8Array> =>
  unpack(bytes, where.endsWith(SUFFIX) || contentEncoding !== undefined, where)

/** The same bytes give the same bytes. */
async function pack(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = await gzip(bytes, {})
  // byte 9 of the header names the operating system; 255 is "unknown" (RFC 1952)
  packed[9] = 255
  return packed
}

/**
 * Undoes gzip.
 * @param declared whether a name or a header says so; otherwise the first bytes do, unless what follows is something else
 */
async function unpack(bytes: Uint8Array, declared: boolean, where: string): Promise<Uint8Array> {
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8)) return bytes
  try {
    return await gunzip(bytes, { maxOutputLength: LARGEST_BYTES })
  } catch (cause) {
    if (!declared) return bytes
    throw chunkflowError(
      'skeleton-fragments',
      `${where} cannot be decompressed: ${(cause as Error).message}`,
      {
        fix: 'write it again, or remove it',
        cause,
      },
    )
  }
}
