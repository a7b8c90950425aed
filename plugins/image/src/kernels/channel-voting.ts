import {
  type Chunk,
  chunkflowError,
  createChunk,
  describeChunk,
  emptyChunk,
  isBigDtype,
} from '@chunkflow/sdk'

/** Per voxel, one plus the index of the largest channel; the lowest index wins ties. uint8, 3-D. */
export function channelVoting(chunk: Chunk): Chunk {
  if (chunk.shape.length !== 4 || chunk.shape[0]! > 255 || chunk.dtype === 'float16')
    throw chunkflowError(
      'image-dtype',
      `channel-voting takes 4-D chunks of at most 255 channels, not ${describeChunk(chunk)}`,
      { fix: 'give it the output of a multi-class network' },
    )
  const [channels, ...size] = chunk.shape as readonly [number, number, number, number]
  const voxels = size.reduce((left, right) => left * right, 1)
  const { voxelOffset, voxelSize } = chunk
  const result = emptyChunk('uint8', size, { voxelOffset, voxelSize, layerType: 'segmentation' })
  const winner = result.data as Uint8Array
  // channel by channel, so that memory is read in order; bigint arrays compare alike
  const best = isBigDtype(chunk.dtype)
    ? (chunk.data as BigUint64Array).slice(0, voxels)
    : (chunk.data as Float32Array).slice(0, voxels)
  winner.fill(1)
  for (let channel = 1; channel < channels; channel++) {
    const start = channel * voxels
    for (let index = 0; index < voxels; index++) {
      const value = chunk.data[start + index]!
      if (value > best[index]!) {
        best[index] = value as never
        winner[index] = channel + 1
      }
    }
  }
  return createChunk(winner, size, { voxelOffset, voxelSize, layerType: 'segmentation' })
}
