import {
  type Chunk,
  channelOf,
  chunkflowError,
  createChunk,
  describeChunk,
  emptyChunk,
  looksLikeAffinityMap,
  looksLikeProbabilityMap,
  spatialSize,
  squeezeChannel,
} from '@chunkflow/sdk'

/** Of an affinity map, channels x y z: the mean of x and y, or z alone. */
export type QuantizeMode = 'xy' | 'z'

/**
 * A map as grey values, trunc(255 v), computed in float32: bytes that were divided by 255 come back as they were. Values
 * outside [0, 1], which only affinity maps may hold, are clamped.
 * @param chunk an affinity map (float32, 3 channels), or a probability map (float32 in [0, 1]) of one channel
 * @returns uint8, 3-D, an image at the same place
 * @throws image-dtype for others, shape-mismatch for a probability map of several channels
 */
export function quantizeChunk(chunk: Chunk, mode: QuantizeMode): Chunk {
  const { voxelOffset, voxelSize } = chunk
  const size = spatialSize(chunk)
  const out = emptyChunk('uint8', size).data as Uint8Array
  if (looksLikeAffinityMap(chunk) && mode === 'xy') quantizeMean(channel(chunk, 0), channel(chunk, 1), out)
  else quantizeValues(looksLikeAffinityMap(chunk) ? channel(chunk, 2) : probabilities(chunk), out)
  return createChunk(out, size, { voxelOffset, voxelSize, layerType: 'image' })
}

const channel = (chunk: Chunk, index: number): Float32Array => channelOf(chunk, index).data as Float32Array

const toByte = (value: number): number => Math.min(255, Math.max(0, Math.fround(255 * value)))

function quantizeValues(values: Float32Array, out: Uint8Array): void {
  for (let index = 0; index < out.length; index++) out[index] = toByte(values[index]!)
}

function quantizeMean(x: Float32Array, y: Float32Array, out: Uint8Array): void {
  for (let index = 0; index < out.length; index++) out[index] = toByte(Math.fround(x[index]! + y[index]!) / 2)
}

function probabilities(chunk: Chunk): Float32Array {
  if (!looksLikeProbabilityMap(chunk))
    throw chunkflowError(
      'image-dtype',
      `quantize takes affinity or probability maps, not ${describeChunk(chunk)}`,
      { fix: 'maps are float32; probabilities lie in [0, 1]' },
    )
  return squeezeChannel(chunk).data as Float32Array
}
