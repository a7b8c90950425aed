import { chunkflowError, isChunkflowError, type Storage, type StoredObject } from '@chunkflow/sdk'
import type { ArrayLayout, ShardLayout } from './format/layout.js'
import { parseN5Block } from './format/n5.js'
import { entriesOf, entryOf, indexBytesOf, parseShardIndex, type ShardIndex } from './format/shard-file.js'
import { plainBytes } from './plain-bytes.js'

/** The bytes of a chunk, and its shape where it differs from that of others. */
export interface StoredChunk {
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
}

/** The chunks of an array, by their places in its grid. */
export interface ChunkSource {
  /** Null when the chunk is not stored: all its voxels are the fill value. */
  read(index: readonly number[], signal: AbortSignal | undefined): Promise<StoredChunk | null>
  isStored(index: readonly number[]): Promise<boolean>
  /** The object that holds a chunk, which may hold others, too. */
  keyOf(index: readonly number[]): string
  where(index: readonly number[]): string
  /** Drops what is remembered of an object, or of all: whoever writes one, or begins to read, says so. */
  forget(key?: string): void
}

/** What is wrong with a chunk. */
export const corrupt = (what: string, where: string, cause?: unknown) =>
  chunkflowError('zarr-chunk-corrupt', `Chunk ${where} cannot be decoded: ${what}`, {
    where,
    fix: 'write the chunk again; its file is damaged, was cut short, or belongs to another array',
    ...(cause === undefined ? {} : { cause }),
  })

/** What a decoder threw, as an error of this plugin. */
export const decodeFailure = (error: unknown, where: string): Error => {
  if (isChunkflowError(error) && error.code !== 'compute-kernel-failed') return error
  const cause = (error as { cause?: { message?: string } }).cause?.message
  return corrupt(cause ?? (error instanceof Error ? error.message : String(error)), where, error)
}

const withSignal = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })

/** @param prefix of the keys of the array */
export function chunkSource(storage: Storage, prefix: string, layout: ArrayLayout): ChunkSource {
  if (layout.shards !== null) return shardedSource(storage, prefix, layout, layout.shards)
  const keyOf = (index: readonly number[]): string => `${prefix}${layout.keyOf(index)}`
  const where = (index: readonly number[]): string => `${storage.root}/${keyOf(index)}`
  return {
    keyOf,
    where,
    forget: () => {},
    isStored: async (index) => (await storage.size(keyOf(index))) !== null,
    async read(index, signal) {
      const object = await storage.read(keyOf(index), withSignal(signal))
      return object === null ? null : unpackChunk(object, layout, where(index))
    },
  }
}

/** A chunk that is an object of its own. */
export async function unpackChunk(
  object: StoredObject,
  layout: ArrayLayout,
  where: string,
): Promise<StoredChunk> {
  const bytes = await plainBytes(object)
  return layout.format === 'n5' ? parseN5Block(bytes, layout, where) : { bytes, shape: layout.chunkShape }
}

/** Bytes of indices that are remembered. */
const INDEX_BYTES_KEPT = 32 * 2 ** 20

/** Chunks in shards: an index is read once for a box, then each chunk by its range. */
function shardedSource(
  storage: Storage,
  prefix: string,
  layout: ArrayLayout,
  shards: ShardLayout,
): ChunkSource {
  const indexBytes = indexBytesOf(shards)
  const indices = new Map<string, Promise<ShardIndex | null>>()
  const most = Math.max(1, Math.floor(INDEX_BYTES_KEPT / (16 * entriesOf(shards))))
  const keyOf = (index: readonly number[]): string =>
    `${prefix}${layout.keyOf(index.map((at, axis) => Math.floor(at / shards.chunksPerShard[axis]!)))}`
  const where = (index: readonly number[]): string =>
    `${storage.root}/${keyOf(index)} (chunk ${index.join(' ')})`

  /** Without a signal: others may wait for the same index. */
  async function readIndex(key: string): Promise<ShardIndex | null> {
    const start = shards.indexAtEnd ? -indexBytes : 0
    const bytes = await storage.readRange(key, start, indexBytes)
    try {
      return bytes === null ? null : parseShardIndex(bytes, shards)
    } catch (error) {
      throw decodeFailure(error, `${storage.root}/${key}`)
    }
  }

  /** Shares what is being read; keeps neither failures nor absent shards, which others may write at any time. */
  function indexOf(key: string): Promise<ShardIndex | null> {
    const known = indices.get(key)
    if (known !== undefined) return known
    const index = readIndex(key)
    const forget = (): void => {
      if (indices.get(key) === index) indices.delete(key)
    }
    indices.set(key, index)
    index.then((found) => found ?? forget(), forget)
    for (const oldest of indices.keys()) {
      if (indices.size <= most) break
      indices.delete(oldest)
    }
    return index
  }
  const locate = async (index: readonly number[]) =>
    (await indexOf(keyOf(index)))?.place(entryOf(shards, index)) ?? null

  return {
    keyOf,
    where,
    forget: (key) => {
      if (key === undefined) indices.clear()
      else indices.delete(key)
    },
    isStored: async (index) => (await locate(index)) !== null,
    async read(index, signal) {
      const place = await locate(index)
      if (place === null) return null
      const bytes = await storage.readRange(keyOf(index), place.start, place.length, withSignal(signal))
      if (bytes === null || bytes.length < place.length)
        throw corrupt('it lies beyond the end of its shard', where(index))
      return { bytes, shape: layout.chunkShape }
    },
  }
}
