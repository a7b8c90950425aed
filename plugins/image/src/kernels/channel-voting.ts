import {
  type Chunk,
  channelCount,
  chunkflowError,
  createChunk,
  decodeFloat16,
  describeChunk,
  emptyChunk,
  productZyx,
  spatialSize,
} from '@chunkflow/sdk'

/** Labels are uint8 and 0 is background. */
const MOST_CHANNELS = 255

/**
 * Per voxel, one plus the index of the largest channel; the lowest index wins ties.
 * @param chunk 4-D of at most 255 channels, any dtype (64-bit values are compared exactly)
 * @returns uint8, 3-D, a segmentation at the same place
 * @throws image-dtype
 */
export function channelVoting(chunk: Chunk): Chunk {
  if (chunk.shape.length !== 4 || channelCount(chunk) > MOST_CHANNELS)
    throw chunkflowError(
      'image-dtype',
      `channel-voting takes 4-D chunks of at most ${MOST_CHANNELS} channels, not ${describeChunk(chunk)}`,
      { fix: 'give it the output of a multi-class network' },
    )
  const size = spatialSize(chunk)
  const voxels = productZyx(size)
  const { voxelOffset, voxelSize } = chunk
  const winner = emptyChunk('uint8', size).data as Uint8Array
  winner.fill(1)
  // channel by channel, so that memory is read in order
  const best = valuesOf(chunk, 0, voxels).slice()
  for (let channel = 1; channel < channelCount(chunk); channel++) {
    const values = valuesOf(chunk, channel * voxels, voxels)
    for (let index = 0; index < voxels; index++)
      if (values[index]! > best[index]!) {
        best[index] = values[index]!
        winner[index] = channel + 1
      }
  }
  return createChunk(winner, size, { voxelOffset, voxelSize, layerType: 'segmentation' })
}

/** One channel in a form that compares; bigint arrays compare alike, the cast only picks one signature. */
function valuesOf({ data, dtype }: Chunk, start: number, length: number): Float32Array {
  const values = (data as Float32Array).subarray(start, start + length)
  if (dtype !== 'float16') return values
  const decoded = new Float32Array(length)
  decodeFloat16(values as unknown as Uint16Array, decoded)
  return decoded
}
