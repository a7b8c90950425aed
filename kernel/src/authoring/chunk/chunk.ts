import { chunkflowError } from '../errors/chunkflow-error.js'
import { type BoundingBox, boundingBox } from './bounding-box.js'
import { allocate, bytesPerElement, DTYPES, type Dtype, dtypeOfArray, type TypedArray } from './dtype.js'
import { inferLayerType, type LayerType } from './layer-type.js'
import { addZyx, formatSize, type Zyx, zyx } from './triple.js'

const BRAND = Symbol.for('chunkflow.Chunk')

/** z, y, x or channel, z, y, x. */
export type ChunkShape = readonly [number, number, number] | readonly [number, number, number, number]

/**
 * A dense block of a volume. Plain data: several copies of this package, of different versions, may
 * exchange it, so behaviour lives in functions and never on the record.
 */
export interface Chunk {
  /** C order, x fastest. `bool` as 0/1 bytes, `float16` as bits, 64-bit integers as bigint. */
  readonly data: TypedArray
  readonly shape: ChunkShape
  readonly dtype: Dtype
  /** Global position of the first voxel, z y x, in voxels of the chunk's own mip level. */
  readonly voxelOffset: Zyx
  /** Nanometres, z y x; null when unknown. */
  readonly voxelSize: Zyx | null
  readonly layerType: LayerType
  /** True when a person, a file attribute or a volume said so; false when inferred from the data. */
  readonly layerTypeDeclared: boolean
}

export interface ChunkProperties {
  readonly dtype?: Dtype
  readonly voxelOffset?: readonly number[]
  readonly voxelSize?: readonly number[] | null
  /** Declares the layer type; left out, it is inferred by {@link inferLayerType}. */
  readonly layerType?: LayerType | undefined
}

/**
 * A chunk over existing data (no copy).
 * @param data one typed array in C order
 * @param shape 2 (one section), 3 or 4 sizes
 * @throws chunk-invalid when length, type, offset or voxel size do not fit
 */
export function createChunk(
  data: TypedArray,
  shape: readonly number[],
  properties: ChunkProperties = {},
): Chunk {
  const full = shape.length === 2 ? [1, ...shape] : [...shape]
  const dtype = properties.dtype ?? dtypeOfArray(data)
  if (full.length !== 3 && full.length !== 4)
    throw chunkflowError(
      'chunk-invalid',
      `A chunk has 3 or 4 axes, not ${shape.length} (${formatSize(shape)})`,
    )
  const voxels = full.reduce((left, right) => left * right, 1)
  if (!full.every((size) => Number.isSafeInteger(size) && size >= 0) || voxels !== data.length)
    throw chunkflowError(
      'chunk-invalid',
      `${data.length} elements do not fill a chunk of ${formatSize(full)}`,
    )
  if (!(data instanceof DTYPES[dtype].array))
    throw chunkflowError('chunk-invalid', `${data.constructor.name} does not hold ${dtype} elements`)
  const frozenShape = Object.freeze(full) as unknown as ChunkShape
  const declared = properties.layerType !== undefined && properties.layerType !== null
  return Object.freeze({
    [BRAND]: 1,
    data,
    shape: frozenShape,
    dtype,
    voxelOffset: checkOffset(properties.voxelOffset ?? [0, 0, 0]),
    voxelSize: properties.voxelSize == null ? null : checkVoxelSize(properties.voxelSize),
    layerType: declared ? (properties.layerType ?? null) : inferLayerType(data, frozenShape, dtype),
    layerTypeDeclared: declared,
  })
}

/** A zeroed chunk on shared memory. Its layer type is `unknown` unless given: there is nothing to infer from yet. */
export function emptyChunk(dtype: Dtype, shape: readonly number[], properties: ChunkProperties = {}): Chunk {
  const data = allocate(
    dtype,
    shape.reduce((left, right) => left * right, 1),
  )
  const chunk = createChunk(data, shape, {
    ...properties,
    dtype,
    layerType: properties.layerType ?? 'unknown',
  })
  return withProperties(chunk, { layerTypeDeclared: properties.layerType !== undefined })
}

/** A chunk with the data, or some properties, replaced. The data may have another length: shape is checked again. */
export function withProperties(
  chunk: Chunk,
  change: Partial<
    Pick<Chunk, 'data' | 'shape' | 'dtype' | 'voxelOffset' | 'voxelSize' | 'layerType' | 'layerTypeDeclared'>
  >,
): Chunk {
  return Object.freeze({ ...chunk, [BRAND]: 1, ...change })
}

/** The same array, its layer type inferred anew from the present values. */
export const inferAgain = (chunk: Chunk): Chunk =>
  withProperties(chunk, {
    layerType: inferLayerType(chunk.data, chunk.shape, chunk.dtype),
    layerTypeDeclared: false,
  })

export function isChunk(value: unknown): value is Chunk {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** Size of the three spatial axes. */
export const spatialSize = (chunk: Pick<Chunk, 'shape'>): Zyx =>
  zyx(...(chunk.shape.slice(-3) as [number, number, number]))
/** 1 for a 3-D chunk. */
export const channelCount = (chunk: Pick<Chunk, 'shape'>): number =>
  chunk.shape.length === 4 ? chunk.shape[0]! : 1
export const rank = (chunk: Pick<Chunk, 'shape'>): 3 | 4 => chunk.shape.length
export const chunkBox = (chunk: Pick<Chunk, 'shape' | 'voxelOffset'>): BoundingBox =>
  boundingBox(chunk.voxelOffset, addZyx(chunk.voxelOffset, spatialSize(chunk)))
export const byteLength = (chunk: Pick<Chunk, 'shape' | 'dtype'>): number =>
  chunk.shape.reduce((left, right) => left * right, 1) * bytesPerElement(chunk.dtype)

/** `float32 3×28×320×320 at 4 64 64`, for messages. */
export const describeChunk = (chunk: Chunk): string =>
  `${chunk.dtype} ${formatSize(chunk.shape)} at ${chunk.voxelOffset.join(' ')}`

/** A deep copy on memory of its own; the layer type is kept. */
export function cloneChunk(chunk: Chunk): Chunk {
  const data = allocate(chunk.dtype, chunk.data.length)
  copyElements(chunk.data, data)
  return withProperties(chunk, { data })
}

/** Copies between arrays of the same type and length. */
export function copyElements(from: TypedArray, to: TypedArray): void {
  ;(to as Uint8Array).set(from as Uint8Array)
}

function checkOffset(offset: readonly number[]): Zyx {
  const three = offset.length === 4 && offset[0] === 0 ? offset.slice(1) : offset
  if (three.length !== 3 || !three.every(Number.isSafeInteger))
    throw chunkflowError(
      'chunk-invalid',
      `A voxel offset is three whole numbers z y x, not "${offset.join(' ')}"`,
    )
  return zyx(...(three as [number, number, number]))
}

function checkVoxelSize(size: readonly number[]): Zyx {
  if (size.length !== 3 || !size.every((value) => Number.isFinite(value) && value > 0))
    throw chunkflowError(
      'chunk-invalid',
      `A voxel size is three positive numbers z y x in nm, not "${size.join(' ')}"`,
    )
  return zyx(...(size as [number, number, number]))
}
