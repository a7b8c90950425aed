import {
  type Chunk,
  createChunk,
  emptyChunk,
  float16ToNumber,
  squeezeChannel,
} from '@chunkflow/kernel/authoring'

/**
 * 1 where the value is strictly above the threshold, else 0: a uint8 segmentation.
 * @param chunk 3-D, or 4-D with one channel (dropped); any dtype
 * @throws shape-mismatch for several channels
 */
export function thresholdChunk(chunk: Chunk, threshold: number): Chunk {
  const { data, shape, dtype, voxelOffset, voxelSize } = squeezeChannel(chunk)
  const result = emptyChunk('uint8', shape, { voxelOffset, voxelSize, layerType: 'segmentation' })
  const out = result.data as Uint8Array
  if (dtype === 'float16')
    for (let index = 0; index < out.length; index++)
      out[index] = float16ToNumber(data[index] as number) > threshold ? 1 : 0
  else
    for (let index = 0; index < out.length; index++) out[index] = (data[index] as number) > threshold ? 1 : 0
  return createChunk(out, shape, { dtype: 'uint8', voxelOffset, voxelSize, layerType: 'segmentation' })
}
