import {
  type Chunk,
  channelOf,
  chunkflowError,
  createChunk,
  describeChunk,
  emptyChunk,
  looksLikeAffinityMap,
  looksLikeProbabilityMap,
  squeezeChannel,
} from '@chunkflow/sdk'

/**
 * A map as grey values: trunc(255 v), uint8, 3-D.
 * @param mode of an affinity map (3 channels x, y, z): the mean of x and y, or z alone
 */
export function quantizeChunk(chunk: Chunk, mode: 'xy' | 'z'): Chunk {
  const source = looksLikeAffinityMap(chunk) ? affinityValues(chunk, mode) : probabilityValues(chunk)
  const { voxelOffset, voxelSize } = chunk
  const result = emptyChunk('uint8', chunk.shape.slice(-3), { voxelOffset, voxelSize, layerType: 'image' })
  const out = result.data as Uint8Array
  for (let index = 0; index < out.length; index++) out[index] = 255 * source[index]!
  return createChunk(out, result.shape, { voxelOffset, voxelSize, layerType: 'image' })
}

function affinityValues(chunk: Chunk, mode: 'xy' | 'z'): Float32Array {
  if (mode === 'z') return channelOf(chunk, 2).data as Float32Array
  const [x, y] = [channelOf(chunk, 0).data as Float32Array, channelOf(chunk, 1).data as Float32Array]
  const mean = new Float32Array(x.length)
  for (let index = 0; index < mean.length; index++) mean[index] = (x[index]! + y[index]!) / 2
  return mean
}

function probabilityValues(chunk: Chunk): Float32Array {
  if (!looksLikeProbabilityMap(chunk))
    throw chunkflowError(
      'image-dtype',
      `quantize takes affinity or probability maps, not ${describeChunk(chunk)}`,
      { fix: 'maps are float32 with values in [0, 1]' },
    )
  return squeezeChannel(chunk).data as Float32Array
}
