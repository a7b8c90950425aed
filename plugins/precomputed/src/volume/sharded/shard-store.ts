import {
  type BlockCache,
  isChunkflowError,
  type Sharding,
  type Storage,
  type TypedArray,
  type WriteOptions,
} from '@chunkflow/sdk'
import type { BlockReadOptions, BlockStore, PackedBlock, StoredFile } from '../block-store.js'
import { type Block, blockName } from '../blocks.js'
import { type Compression, compress, corrupt, decompress, isGzip } from '../compression.js'
import type { ScaleInfo } from '../info.js'
import { mortonAxes, mortonCode } from './morton-code.js'
import {
  decodeMinishardIndex,
  ENTRY_BYTES,
  findChunk,
  indexBytes,
  printShard,
  type ShardChunk,
  wordsOf,
} from './shard-file.js'
import { gridSizeOf, placeOf, shardName } from './sharding.js'

/** What indices may take in the run's cache unless an operator asks for more. */
const INDEX_CACHE_BYTES = 2 ** 25
/** The index of a shard is read whole up to this size, else entry by entry. */
const LARGEST_INDEX_BYTES = 2 ** 16
/** Bytes of one shard, from wherever they come. */
type Range = (start: number, length: number) => Promise<Uint8Array | null>

/**
 * Blocks in shard files, `<scale>/<number>.shard`: a block costs up to three range requests, two of which (the indices) are
 * remembered for the run. Writing replaces whole shards.
 */
export function openShardStore(
  storage: Storage,
  scale: ScaleInfo,
  sharding: Sharding,
  options: { readonly cache: BlockCache; readonly level: number | undefined },
): BlockStore {
  const { cache } = options
  cache.reserve(INDEX_CACHE_BYTES)
  const axes = mortonAxes(gridSizeOf(scale.box, scale.blockSize))
  const compression: Compression =
    sharding.dataEncoding === 'gzip' ? { method: 'gzip', level: options.level } : { method: 'none' }
  const idOf = ({ index }: Block): bigint => mortonCode(index, axes)
  const keyOf = (shard: bigint): string => `${scale.key}/${shardName(sharding, shard)}`
  const whereKey = (key: string): string => `${storage.root}/${key}`
  const whereBlock = (block: Block): string =>
    `${whereKey(keyOf(placeOf(sharding, idOf(block)).shard))} (${blockName(block.box)})`

  /** Keeps what is there. What is absent may be written by others at any time. */
  async function remembered(
    name: string,
    load: () => Promise<BigUint64Array | null>,
  ): Promise<BigUint64Array | null> {
    const found = (await cache.get(name, load as () => Promise<TypedArray | null>)) as BigUint64Array | null
    if (found === null) cache.forget(name)
    return found
  }
  const entryName = (key: string, minishard: number): string => `${whereKey(key)}#${minishard}`

  /** Start and end of a minishard's index, counted from the end of the first index; null without the file. */
  async function minishardEntry(
    key: string,
    minishard: number,
    range: Range,
  ): Promise<BigUint64Array | null> {
    const bytes = indexBytes(sharding)
    const exactly = async (start: number, length: number): Promise<BigUint64Array | null> => {
      const stored = await range(start, length)
      if (stored === null) return null
      if (stored.length < length) throw corrupt('A shard is shorter than its index', whereKey(key))
      return wordsOf(stored)
    }
    if (bytes > LARGEST_INDEX_BYTES) return exactly(minishard * ENTRY_BYTES, ENTRY_BYTES)
    const index = await remembered(whereKey(key), () => exactly(0, bytes))
    return index?.subarray(2 * minishard, 2 * minishard + 2) ?? null
  }

  const rangeOf =
    (key: string, signal: AbortSignal | undefined): Range =>
    (start, length) =>
      storage.readRange(key, start, length, signal === undefined ? {} : { signal })

  /** Where a block lies in its shard; null when it is not stored. */
  async function locate(block: Block, range: Range) {
    const id = idOf(block)
    const { shard, minishard } = placeOf(sharding, id)
    const key = keyOf(shard)
    const index = await remembered(entryName(key, minishard), async () => {
      const entry = await minishardEntry(key, minishard, range)
      if (entry === null || entry[0] === entry[1]) return null
      return readMinishard(key, entry, range)
    })
    return index === null ? null : findChunk(index, id)
  }

  async function readMinishard(key: string, entry: BigUint64Array, range: Range): Promise<BigUint64Array> {
    const [start, end] = [Number(entry[0]), Number(entry[1])]
    if (!(end > start && Number.isSafeInteger(end)))
      throw corrupt(`The index of a shard has a minishard from ${start} to ${end}`, whereKey(key))
    const stored = await range(indexBytes(sharding) + start, end - start)
    if (stored === null || stored.length < end - start)
      throw corrupt('A minishard index lies beyond the end of its shard', whereKey(key))
    return decodeMinishardIndex(stored, sharding, whereKey(key))
  }

  async function unpack(bytes: Uint8Array, block: Block, expectedBytes: number): Promise<Uint8Array> {
    if (compression.method === 'none') return bytes
    if (!isGzip(bytes)) throw corrupt('A block of a shard does not begin as gzip does', whereBlock(block))
    return decompress(bytes, compression.method, expectedBytes, whereBlock(block))
  }

  async function readPacked(block: Block, range: Range): Promise<Uint8Array | null> {
    const place = await locate(block, range)
    if (place === null) return null
    const bytes = await range(place.start, place.length)
    if (bytes === null || bytes.length < place.length)
      throw corrupt('A block lies beyond the end of its shard', whereBlock(block))
    return bytes
  }

  async function read(block: Block, { expectedBytes, signal }: BlockReadOptions): Promise<Uint8Array | null> {
    const key = keyOf(placeOf(sharding, idOf(block)).shard)
    const attempt = async (): Promise<Uint8Array | null> => {
      const bytes = await readPacked(block, rangeOf(key, signal))
      return bytes === null ? null : unpack(bytes, block, expectedBytes)
    }
    try {
      return await attempt()
    } catch (error) {
      if (!isChunkflowError(error) || error.code !== 'block-corrupt') throw error
      // another process may have replaced the shard that the remembered indices belong to
      forget(key)
      return attempt()
    }
  }

  const forget = (key: string): void => cache.forgetAll(whereKey(key))

  async function put(group: readonly PackedBlock[], condition: WriteOptions): Promise<void> {
    const key = keyOf(placeOf(sharding, idOf(group[0]!.block)).shard)
    const chunks = group.flatMap(({ block, bytes }): ShardChunk[] =>
      bytes === null ? [] : [{ id: idOf(block), bytes }],
    )
    if (chunks.length === 0) await storage.delete(key)
    else
      await storage.write(key, await printShard(sharding, chunks), {
        contentType: 'application/octet-stream',
        ...condition,
      })
    forget(key)
  }

  return {
    where: whereBlock,
    read,
    pack: (bytes) => compress(bytes, compression),
    group(blocks) {
      const groups = new Map<bigint, Block[]>()
      for (const block of blocks) {
        const { shard } = placeOf(sharding, idOf(block))
        const members = groups.get(shard)
        if (members === undefined) groups.set(shard, [block])
        else members.push(block)
      }
      return groups.values()
    },
    async load(group, signal): Promise<StoredFile> {
      const key = keyOf(placeOf(sharding, idOf(group[0]!)).shard)
      // indices of an older file must not be applied to this one
      forget(key)
      const object = await storage.read(key, signal === undefined ? {} : { signal })
      const range: Range = async (start, length) => object?.bytes.subarray(start, start + length) ?? null
      const packed = new Map<Block, Uint8Array | null>()
      for (const block of group) packed.set(block, await readPacked(block, range))
      const { version } = object ?? {}
      return {
        replace: (blocks) =>
          put(
            blocks,
            object === null ? { ifAbsent: true } : version === undefined ? {} : { ifVersion: version },
          ),
        packed: (block) => packed.get(block) ?? null,
        read: async (block, expectedBytes) => {
          const bytes = packed.get(block) ?? null
          return bytes === null ? null : unpack(bytes, block, expectedBytes)
        },
      }
    },
    put: (group) => put(group, {}),
    exists: async (block) =>
      (await locate(block, rangeOf(keyOf(placeOf(sharding, idOf(block)).shard), undefined))) !== null,
  }
}
