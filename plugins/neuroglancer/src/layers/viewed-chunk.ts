import {
  type Chunk,
  channelCount,
  chunkflowError,
  describeChunk,
  isFloat,
  spatialSize,
  withProperties,
} from '@chunkflow/sdk'

/**
 * A chunk as the slice viewer takes it (specification 5.62): floats and uint8 are intensities, other element types labels,
 * unless somebody said what they are.
 */
export function viewedImage(chunk: Chunk): Chunk {
  if (chunk.layerTypeDeclared) return chunk
  const isGrey = isFloat(chunk.dtype) || chunk.dtype === 'uint8' || channelCount(chunk) > 1
  if (isGrey) return chunk
  return withProperties(chunk, { layerType: 'segmentation', shape: spatialSize(chunk) })
}

/** Labels whatever they were declared to be. @throws viewer-layer for floats and several channels */
export function viewedLabels(name: string, chunk: Chunk): Chunk {
  if (isFloat(chunk.dtype) || channelCount(chunk) > 1)
    throw chunkflowError('viewer-layer', `"${name}" (${describeChunk(chunk)}) is no segmentation`, {
      fix: 'give integers with one channel, such as connected-components makes from a map',
    })
  return withProperties(chunk, { layerType: 'segmentation', shape: spatialSize(chunk) })
}
