import { DTYPES, type Dtype, type TypedArray } from '@chunkflow/sdk'
import type { CodecDescription, PipelineDescription } from '../worker/pipeline.js'

/** Shards of Zarr 3: files of several chunks, with an index. */
export interface ShardLayout {
  /** Chunks along each axis of a shard. */
  readonly chunksPerShard: readonly number[]
  /** The index ends with a CRC-32C. */
  readonly hasChecksum: boolean
  readonly indexAtEnd: boolean
}

/**
 * How an array is stored, whatever the format. Axes are those of the array in C order, slowest first; N5, which names the
 * fastest first, is reversed.
 */
export interface ArrayLayout {
  readonly format: 'zarr2' | 'zarr3' | 'n5'
  readonly shape: readonly number[]
  /** What is decoded at once. */
  readonly chunkShape: readonly number[]
  readonly dtype: Dtype
  /** One element: what voxels are that are not stored. */
  readonly fill: TypedArray
  /** False when the metadata leave the fill value open: other readers may find anything where nothing is stored. */
  readonly saysFill: boolean
  readonly codecs: readonly CodecDescription[]
  /** Where a chunk, or a shard, lies below the array. */
  keyOf(index: readonly number[]): string
  readonly shards: ShardLayout | null
  readonly attributes: Readonly<Record<string, unknown>>
  /** As far as the array names them. */
  readonly axisNames: readonly (string | null)[] | undefined
  /** Why nothing can be written to it, if so. */
  readonly readOnly: string | undefined
}

const UNSIGNED = { 1: 'uint8', 2: 'uint16', 4: 'uint32', 8: 'uint64' } as const

/** Elements are moved as whole numbers of their width: no codec here looks at what they mean. */
export const storedType = (dtype: Dtype): PipelineDescription['dataType'] =>
  UNSIGNED[DTYPES[dtype].bytes as keyof typeof UNSIGNED]

/** What a worker needs to know of the chunks of an array. */
export const pipelineOf = (
  { dtype, codecs, chunkShape }: ArrayLayout,
  shape: readonly number[] = chunkShape,
): PipelineDescription => ({ shape, dataType: storedType(dtype), codecs })

/** True when a chunk need not be stored: all its voxels are the fill value that the array states, bit for bit. */
export function isFilled(voxels: TypedArray, { fill, saysFill }: ArrayLayout): boolean {
  if (!saysFill) return false
  const bits = bitsOf(fill)[0]!
  const all = bitsOf(voxels)
  for (let index = 0; index < all.length; index++) if (all[index] !== bits) return false
  return true
}

/** True when what is not stored is 0, as fresh memory is. */
export const fillsWithZero = ({ fill }: ArrayLayout): boolean => Number(bitsOf(fill)[0]) === 0

const BITS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const
/** Comparing bits takes NaN and -0 for what they are. */
const bitsOf = ({ buffer, byteOffset, length, BYTES_PER_ELEMENT }: TypedArray): Uint8Array => {
  const Bits = BITS[BYTES_PER_ELEMENT as keyof typeof BITS] as typeof Uint8Array
  return new Bits(buffer, byteOffset, length)
}
