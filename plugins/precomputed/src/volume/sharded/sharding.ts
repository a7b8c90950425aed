import type { BoundingBox } from '@chunkflow/sdk'
import { boxSize, ceilDivideZyx, maximumZyx, multiplyZyx, type Sharding, type Zyx, zyx } from '@chunkflow/sdk'
import { mortonAxes, mortonBox } from './morton-code.js'
import { murmurHash } from './murmur-hash.js'

export const SHARDING_TYPE = 'neuroglancer_uint64_sharded_v1'
const HASHES: readonly unknown[] = ['identity', 'murmurhash3_x86_128']
const DATA_ENCODINGS: readonly unknown[] = ['raw', 'gzip']

const LARGEST_MINISHARD_BITS = 24

const isBits = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 64

/**
 * Reads the `sharding` of a scale. The encodings are raw when they are missing.
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/sharded.md
 * @param refuse called with the field and its value
 */
export function parseSharding(
  json: Readonly<Record<string, unknown>>,
  refuse: (field: string, value: unknown) => never,
): Sharding {
  const type = json['@type']
  if (type !== SHARDING_TYPE) return refuse('@type', type)
  const bits = (field: string): number => {
    const value = json[field]
    return isBits(value) ? value : refuse(field, value)
  }
  const oneOf = <T>(field: string, choices: readonly unknown[], missing?: T): T => {
    const value = json[field] ?? missing
    return choices.includes(value) ? (value as T) : refuse(field, json[field])
  }
  const sharding: Sharding = {
    hash: oneOf('hash', HASHES),
    preshiftBits: bits('preshift_bits'),
    minishardBits: bits('minishard_bits'),
    shardBits: bits('shard_bits'),
    minishardIndexEncoding: oneOf('minishard_index_encoding', DATA_ENCODINGS, 'raw'),
    dataEncoding: oneOf('data_encoding', DATA_ENCODINGS, 'raw'),
  }
  // a shard begins with an index of 16 bytes for each minishard: more than 256 MiB of it is a mistake
  if (sharding.minishardBits > LARGEST_MINISHARD_BITS) return refuse('minishard_bits', sharding.minishardBits)
  if (sharding.minishardBits + sharding.shardBits > 64) return refuse('shard_bits', sharding.shardBits)
  return sharding
}

export const printSharding = (sharding: Sharding): Readonly<Record<string, unknown>> => ({
  '@type': SHARDING_TYPE,
  preshift_bits: sharding.preshiftBits,
  hash: sharding.hash,
  minishard_bits: sharding.minishardBits,
  shard_bits: sharding.shardBits,
  minishard_index_encoding: sharding.minishardIndexEncoding,
  data_encoding: sharding.dataEncoding,
})

/** Voxels of one shard: a task can hold them, and a bucket lists few objects. */
const SHARD_BYTES = 2 ** 28
/** Blocks of one minishard: its index is then 12 KiB at most, one small request. */
const MINISHARD_BITS_OF_BLOCKS = 9

/**
 * Parameters for a scale: shards of up to 256 MiB of voxels, minishards of up to 512 blocks, blocks in Morton order
 * (hash `identity`), so that a shard is a box and a task can write it whole. A scale that is smaller is one shard.
 * @param blockBytes of the voxels of a block, all channels
 * @param isDense the encoding leaves gzip nothing to gain
 */
export function chooseSharding(gridSize: Zyx, blockBytes: number, isDense: boolean): Sharding {
  const total = mortonAxes(gridSize).length
  const perShard = Math.min(total, Math.max(0, Math.floor(Math.log2(SHARD_BYTES / blockBytes))))
  const preshiftBits = Math.min(MINISHARD_BITS_OF_BLOCKS, perShard)
  return {
    hash: 'identity',
    preshiftBits,
    minishardBits: perShard - preshiftBits,
    shardBits: total - perShard,
    minishardIndexEncoding: 'gzip',
    dataEncoding: isDense ? 'raw' : 'gzip',
  }
}

/** Which file and which part of it hold a chunk. */
export interface ShardPlace {
  readonly shard: bigint
  readonly minishard: number
}

export function placeOf(sharding: Sharding, id: bigint): ShardPlace {
  const shifted = id >> BigInt(sharding.preshiftBits)
  const hashed = sharding.hash === 'identity' ? shifted : murmurHash(shifted)
  const minishardBits = BigInt(sharding.minishardBits)
  return {
    minishard: Number(BigInt.asUintN(sharding.minishardBits, hashed)),
    shard: BigInt.asUintN(sharding.shardBits, hashed >> minishardBits),
  }
}

/** File of a shard: its number as lower-case hexadecimal, padded. */
export const shardName = ({ shardBits }: Sharding, shard: bigint): string =>
  `${shard.toString(16).padStart(Math.ceil(shardBits / 4), '0')}.shard`

export const gridSizeOf = (box: BoundingBox, blockSize: Zyx): Zyx => ceilDivideZyx(boxSize(box), blockSize)

/**
 * The voxels of one shard, on a grid from the start of the volume. Where shards are no boxes - a hash scatters blocks, or
 * numbers wrap round - it is the whole volume.
 */
export function shardSize(sharding: Sharding, box: BoundingBox, blockSize: Zyx): Zyx {
  const axes = mortonAxes(gridSizeOf(box, blockSize))
  const bits = sharding.preshiftBits + sharding.minishardBits
  const isBox = sharding.hash === 'identity' && bits + sharding.shardBits >= axes.length
  if (isBox && bits < axes.length) return multiplyZyx(mortonBox(axes, bits), blockSize)
  return maximumZyx(boxSize(box), zyx(1, 1, 1))
}
