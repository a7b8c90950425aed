import { DTYPES, type Dtype, isFloat, type LayerType, type Zyx } from '@chunkflow/sdk'
import type { Json } from './format/metadata.js'
import { zarr2Dtype } from './format/zarr2.js'

export type AxisOrder = 'xyz' | 'zyx'
export type CompressorName = 'blosc' | 'zstd' | 'gzip' | 'none'

/** What a new array is made of. Triples are z y x. */
export interface NewArray {
  readonly format: 2 | 3
  readonly dtype: Dtype
  /** Null for an array without channels. */
  readonly channels: number | null
  readonly shape: Zyx
  readonly chunkShape: Zyx
  /** Of Zarr 3: chunks are packed into files of this size, a multiple of theirs. Null for a file a chunk. */
  readonly shardShape: Zyx | null
  readonly order: AxisOrder
  readonly compressor: CompressorName
  readonly voxelOffset: Zyx
  readonly voxelSizeNm: Zyx | null
  /** Null when nobody said what the voxels mean. */
  readonly layerType: LayerType
  /** Between the numbers of a chunk's name in Zarr 2; Zarr 3 has folders. */
  readonly separator: '.' | '/'
}

/** Objects below the array, in the order in which they are written: where the last one stands, the array is complete. */
export type MetadataFiles = readonly { readonly key: string; readonly json: Json }[]

/** The names of 3 or 4 axes in an order; undefined without one. */
export const axisNamesOf = (order: AxisOrder | undefined, rank: number): readonly string[] | undefined =>
  order === undefined || rank < 3 || rank > 4
    ? undefined
    : ordered(order, [...(rank === 4 ? ['c'] : []), 'z', 'y', 'x'])

const LEVELS = { zstd: 3, gzip: 5, blosc: 5 } as const

/** Values in the order of the axes on disk. */
export const ordered = <T>(order: AxisOrder, values: readonly T[]): readonly T[] =>
  order === 'xyz' ? values.toReversed() : values

/**
 * The metadata of a new array, the same whoever writes them. The fill value is 0.
 * Attributes: `_ARRAY_DIMENSIONS`, `voxel_offset` in voxels, `resolution` in nm, `dimension_units`, `layer_type` if known; lists follow the axes on
 * disk, those of space alone but for the first.
 */
export function describeNewArray(array: NewArray): MetadataFiles {
  const { order, channels, voxelSizeNm } = array
  const names = axisNamesOf(order, channels === null ? 3 : 4)!
  const attributes: Record<string, unknown> = {
    _ARRAY_DIMENSIONS: names,
    voxel_offset: ordered(order, array.voxelOffset),
  }
  if (voxelSizeNm !== null) {
    attributes.resolution = ordered(order, voxelSizeNm)
    attributes.dimension_units = ordered(order, [
      ...(channels === null ? [] : ['']),
      ...voxelSizeNm.map((size) => `${size} nm`),
    ])
  }
  if (array.layerType !== null) attributes.layer_type = array.layerType
  const shape = ordered(order, [...(channels === null ? [] : [channels]), ...array.shape])
  const chunked = (size: Zyx) => ordered(order, [...(channels === null ? [] : [1]), ...size])
  const chunks = chunked(array.chunkShape)
  const shards = array.shardShape === null ? null : chunked(array.shardShape)
  return array.format === 2
    ? [
        { key: '.zattrs', json: attributes },
        { key: '.zarray', json: zarr2(array, shape, chunks) },
      ]
    : [
        {
          key: 'zarr.json',
          json: { ...zarr3(array, shape, chunks, shards), dimension_names: names, attributes },
        },
      ]
}

const fillOf = (dtype: Dtype): unknown => (dtype === 'bool' ? false : 0)

const zarr2 = (
  { dtype, compressor, separator }: NewArray,
  shape: readonly number[],
  chunks: readonly number[],
): Json => ({
  chunks,
  compressor: {
    blosc: { blocksize: 0, clevel: LEVELS.blosc, cname: 'lz4', id: 'blosc', shuffle: 1 },
    zstd: { id: 'zstd', level: LEVELS.zstd },
    gzip: { id: 'gzip', level: LEVELS.gzip },
    none: null,
  }[compressor],
  dimension_separator: separator,
  dtype: zarr2Dtype(dtype),
  fill_value: isFloat(dtype) ? 0 : fillOf(dtype),
  filters: null,
  order: 'C',
  shape,
  zarr_format: 2,
})

function zarr3(
  { dtype, compressor }: NewArray,
  shape: readonly number[],
  chunks: readonly number[],
  shards: readonly number[] | null,
): Json {
  const { bytes } = DTYPES[dtype]
  const compressors = {
    blosc: {
      name: 'blosc',
      configuration: {
        typesize: bytes,
        cname: 'lz4',
        clevel: LEVELS.blosc,
        shuffle: 'shuffle',
        blocksize: 0,
      },
    },
    zstd: { name: 'zstd', configuration: { level: LEVELS.zstd, checksum: false } },
    gzip: { name: 'gzip', configuration: { level: LEVELS.gzip } },
    none: null,
  } as const
  const packed = compressors[compressor]
  const codecs = [
    bytes === 1 ? { name: 'bytes' } : { name: 'bytes', configuration: { endian: 'little' } },
    ...(packed === null ? [] : [packed]),
  ]
  return {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: dtype,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: shards ?? chunks } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: fillOf(dtype),
    codecs: shards === null ? codecs : [sharding(chunks, codecs)],
  }
}

const sharding = (chunks: readonly number[], codecs: readonly Json[]): Json => ({
  name: 'sharding_indexed',
  configuration: {
    chunk_shape: chunks,
    codecs,
    index_codecs: [{ name: 'bytes', configuration: { endian: 'little' } }, { name: 'crc32c' }],
    index_location: 'end',
  },
})

const CHUNK_SIDE = 64
/** Cubes of 64, or less where the array ends before. */
export const defaultChunkShape = (shape: Zyx): Zyx =>
  shape.map((size) => Math.max(1, Math.min(CHUNK_SIDE, size))) as unknown as Zyx
