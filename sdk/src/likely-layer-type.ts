import {
  type Dtype,
  type LayerType,
  looksLikeImage,
  looksLikeSegmentation,
} from '@chunkflow/kernel/authoring'

/** What voxels mean that nobody declared, as far as shape and element type tell without a look at them; null when they do not. */
export function likelyLayerType(array: {
  readonly shape: readonly number[]
  readonly dtype: Dtype
}): LayerType {
  if (looksLikeImage(array)) return 'image'
  return looksLikeSegmentation(array) ? 'segmentation' : null
}
