import { allocate, chunkflowError, type Dtype, isDtype } from '@chunkflow/sdk'
import type { CodecDescription } from '../worker/pipeline.js'
import { compressor } from './codecs.js'
import type { ArrayLayout } from './layout.js'
import { axisNames, isRecord, type Json, refuseMetadata, sizes, unsupported } from './metadata.js'

/** True for the attributes of a dataset; others are those of a group. */
export const isN5Dataset = (attributes: Json): boolean => Array.isArray(attributes.dimensions)

/**
 * The metadata of an N5 dataset. N5 names axes fastest first: they are reversed here.
 * @throws zarr-metadata-invalid, zarr-unsupported
 */
export function parseN5(attributes: Json, where: string): ArrayLayout {
  const refuse = refuseMetadata(where)
  const shape = sizes(attributes.dimensions, 'dimensions', 0, refuse).toReversed()
  const chunkShape = sizes(attributes.blockSize, 'blockSize', 1, refuse).toReversed()
  if (chunkShape.length !== shape.length)
    throw refuse(`${shape.length} axes and blocks of ${chunkShape.length}`)
  const dtype = parseDtype(attributes.dataType, where)
  const packed = compression(attributes, dtype, where)
  return {
    format: 'n5',
    shape,
    chunkShape,
    dtype,
    fill: allocate(dtype, 1),
    saysFill: true,
    codecs: [{ name: 'bytes', configuration: { endian: 'big' } }, ...(packed === null ? [] : [packed])],
    keyOf: (index) => index.toReversed().join('/'),
    shards: null,
    attributes,
    axisNames: axisNames(attributes._ARRAY_DIMENSIONS, shape.length),
    readOnly: 'N5 is read, not written',
  }
}

function parseDtype(value: unknown, where: string): Dtype {
  if (isDtype(value) && value !== 'bool' && value !== 'float16') return value
  throw unsupported(
    `Elements of the type ${JSON.stringify(value)} cannot be read here`,
    where,
    'integers of 8 to 64 bits, float32 and float64 are read',
  )
}

/** Null for blocks that are not compressed. */
function compression(
  { compression: value, compressionType }: Json,
  dtype: Dtype,
  where: string,
): CodecDescription | null {
  // the first versions of N5 have a name alone
  const { type, ...settings } = isRecord(value) ? value : { type: compressionType }
  switch (type) {
    case 'raw':
      return null
    case 'gzip':
      return compressor({ id: settings.useZlib === true ? 'zlib' : 'gzip' }, dtype, where)
    case 'zstd':
    case 'zstandard':
      return compressor({ id: 'zstd', level: 3 }, dtype, where)
    case 'blosc':
      return compressor({ id: 'blosc', cname: 'lz4', clevel: 5, shuffle: 1, blocksize: 0 }, dtype, where)
  }
  throw unsupported(
    `Blocks compressed with ${JSON.stringify(type)} cannot be read here`,
    where,
    type === 'lz4'
      ? 'the lz4 of N5 is a format of its own, read by n5-java: copy the dataset with gzip, blosc or zstd'
      : 'copy the dataset with gzip, blosc or zstd',
  )
}

/** A block behind its header. */
export interface N5Block {
  /** Blocks at the end of the array may be cut. */
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Parts a block from its header: mode, number of axes, sizes fastest first, all big-endian. @throws zarr-chunk-corrupt */
export function parseN5Block(stored: Uint8Array, { chunkShape }: ArrayLayout, where: string): N5Block {
  const damaged = (what: string) =>
    chunkflowError('zarr-chunk-corrupt', `Block ${where} ${what}`, {
      where,
      fix: 'write the block again; its file is damaged or was cut short',
    })
  const rank = chunkShape.length
  if (stored.length < 4 + 4 * rank) throw damaged('is shorter than its header')
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  const mode = view.getUint16(0)
  if (mode > 1)
    throw unsupported(
      `Block ${where} holds objects of Java, not numbers`,
      where,
      'blocks of numbers are read',
    )
  if (view.getUint16(2) !== rank) throw damaged(`has ${view.getUint16(2)} axes instead of ${rank}`)
  const shape = chunkShape.map((_, axis) => view.getUint32(4 + 4 * (rank - 1 - axis)))
  if (shape.some((size, axis) => size === 0 || size > chunkShape[axis]!))
    throw damaged(`has ${shape.join('×')} voxels, more than the ${chunkShape.join('×')} of a block`)
  let start = 4 + 4 * rank
  if (mode === 1) {
    const elements = shape.reduce((product, size) => product * size, 1)
    if (stored.length < start + 4 || view.getUint32(start) !== elements)
      throw damaged('does not hold one number a voxel')
    start += 4
  }
  return { shape, bytes: stored.slice(start) }
}
