import { type Dtype, isFloat, type TypedArray } from './dtype.js'
import { float16ToNumber } from './float16.js'

export const LAYER_TYPES = Object.freeze([
  'image',
  'segmentation',
  'probability_map',
  'affinity_map',
  'unknown',
] as const)

/** What the voxels mean. Null: nobody has looked. */
export type LayerType = (typeof LAYER_TYPES)[number] | null

interface ArrayLike {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: Dtype
}

/** uint8 and 3-D. */
export const looksLikeImage = ({ shape, dtype }: Omit<ArrayLike, 'data'>): boolean =>
  dtype === 'uint8' && shape.length === 3
/** 3-D of whole numbers, not uint8. */
export const looksLikeSegmentation = ({ shape, dtype }: Omit<ArrayLike, 'data'>): boolean =>
  shape.length === 3 && !isFloat(dtype) && dtype !== 'uint8'
/** float32 with every value in [0, 1]. Scans until the first value outside. */
export function looksLikeProbabilityMap({ data, dtype }: ArrayLike): boolean {
  if (dtype !== 'float32') return false
  const values = data as Float32Array
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (!(value >= 0 && value <= 1)) return false
  }
  return true
}
/** 4-D, 3 channels, float32. */
export const looksLikeAffinityMap = ({ shape, dtype }: Omit<ArrayLike, 'data'>): boolean =>
  shape.length === 4 && shape[0] === 3 && dtype === 'float32'

/**
 * The layer type of an array nobody declared (specification 2.1): the first rule that matches.
 * A well-formed affinity map with values in [0, 1] is therefore a probability map.
 */
export function inferLayerType(data: TypedArray, shape: readonly number[], dtype: Dtype): LayerType {
  const array = { data, shape, dtype }
  if (looksLikeImage(array)) return 'image'
  if (looksLikeSegmentation(array)) return 'segmentation'
  if (looksLikeProbabilityMap(array)) return 'probability_map'
  if (looksLikeAffinityMap(array)) return 'affinity_map'
  return 'unknown'
}

/** Element as a JavaScript number (64-bit integers lose precision: for statistics and messages only). */
export const elementAsNumber = (data: TypedArray, dtype: Dtype, index: number): number =>
  dtype === 'float16' ? float16ToNumber(data[index] as number) : Number(data[index])
