import { chunkflowError, isChunkflowError } from '@chunkflow/sdk'
import type { CodecWorkers } from './codec-workers.js'
import { parseN5Block } from './format/n5.js'
import { type OpenedArray, plainBytes } from './open-array.js'

/** The bytes of a chunk, and its shape where it differs from that of others. */
export interface StoredChunk {
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
  /** As Storage.read names it; undefined where the store has none. */
  readonly version: string | undefined
}

export interface ChunkSource {
  /** Null when the chunk is not stored: all its voxels are the fill value. */
  read(index: readonly number[], signal: AbortSignal | undefined): Promise<StoredChunk | null>
  isStored(index: readonly number[]): Promise<boolean>
  where(index: readonly number[]): string
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

export function chunkSource(array: OpenedArray, workers: CodecWorkers): ChunkSource {
  const { storage, prefix, layout } = array
  const keyOf = (index: readonly number[]): string => `${prefix}${layout.keyOf(index)}`
  if (layout.shards !== null) return shardedSource(array, workers)
  const where = (index: readonly number[]): string => `${storage.root}/${keyOf(index)}`
  return {
    where,
    isStored: async (index) => (await storage.size(keyOf(index))) !== null,
    async read(index, signal) {
      const object = await storage.read(keyOf(index), signal === undefined ? {} : { signal })
      if (object === null) return null
      const bytes = await plainBytes(object)
      const block =
        layout.format === 'n5'
          ? parseN5Block(bytes, layout, where(index))
          : { bytes, shape: layout.chunkShape }
      return { ...block, version: object.version }
    },
  }
}

/** Bytes of indices that are remembered. */
const INDEX_BYTES_KEPT = 32 * 2 ** 20
const ABSENT = 2n ** 64n - 1n

/** Chunks in shards: an index is read once, then each chunk by its range. */
function shardedSource({ storage, prefix, layout }: OpenedArray, workers: CodecWorkers): ChunkSource {
  const { chunksPerShard, indexCodecs, indexBytes, indexAtEnd } = layout.shards!
  const entries = chunksPerShard.reduce((product, size) => product * size, 1)
  const indices = new Map<string, Promise<BigUint64Array | null>>()
  const most = Math.max(1, Math.floor(INDEX_BYTES_KEPT / (16 * entries)))

  async function readIndex(key: string, signal: AbortSignal | undefined): Promise<BigUint64Array | null> {
    const bytes = await storage.readRange(
      key,
      indexAtEnd ? -indexBytes : 0,
      indexBytes,
      signal === undefined ? {} : { signal },
    )
    if (bytes === null) return null
    const where = `${storage.root}/${key}`
    if (bytes.length < indexBytes) throw corrupt('the shard is shorter than its index', where)
    const shape = [entries, 2]
    const target = new SharedArrayBuffer(16 * entries)
    try {
      await workers.decode({
        pipeline: { shape, dataType: 'uint64', codecs: indexCodecs },
        bytes,
        start: [0, 0],
        count: shape,
        target,
        offset: 0,
        strides: [2, 1],
      })
    } catch (error) {
      throw decodeFailure(error, where)
    }
    return new BigUint64Array(target)
  }

  /** Shares what is being read; keeps neither failures nor absent shards, which others may write at any time. */
  function indexOf(key: string, signal: AbortSignal | undefined): Promise<BigUint64Array | null> {
    const known = indices.get(key)
    if (known !== undefined) return known
    const forget = (): void => void indices.delete(key)
    const index = readIndex(key, signal)
    indices.set(key, index)
    index.then((found) => found ?? forget(), forget)
    for (const oldest of indices.keys()) {
      if (indices.size <= most) break
      indices.delete(oldest)
    }
    return index
  }
  const shardOf = (index: readonly number[]): string =>
    `${prefix}${layout.keyOf(index.map((at, axis) => Math.floor(at / chunksPerShard[axis]!)))}`
  const where = (index: readonly number[]): string =>
    `${storage.root}/${shardOf(index)} (chunk ${index.join(' ')})`

  /** Where a chunk lies in its shard; null when it is not stored. */
  async function locate(index: readonly number[], signal: AbortSignal | undefined) {
    const table = await indexOf(shardOf(index), signal)
    const entry = index.reduce(
      (sum, at, axis) => sum * chunksPerShard[axis]! + (at % chunksPerShard[axis]!),
      0,
    )
    const [start, length] = [table?.[2 * entry] ?? ABSENT, table?.[2 * entry + 1] ?? ABSENT]
    return start === ABSENT && length === ABSENT ? null : { start: Number(start), length: Number(length) }
  }

  return {
    where,
    isStored: async (index) => (await locate(index, undefined)) !== null,
    async read(index, signal) {
      const place = await locate(index, signal)
      if (place === null) return null
      const options = signal === undefined ? {} : { signal }
      const bytes = await storage.readRange(shardOf(index), place.start, place.length, options)
      if (bytes === null || bytes.length < place.length)
        throw corrupt('it lies beyond the end of its shard', where(index))
      return { bytes, shape: layout.chunkShape, version: undefined }
    },
  }
}
