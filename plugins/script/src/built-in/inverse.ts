import { type Chunk, chunkflowError, createChunk } from '@chunkflow/sdk'

/** 255 - v for uint8, 1 - v for float32 in [0, 1]. */
export function execute(chunk: Chunk): Chunk {
  const { data, dtype, shape, voxelOffset, voxelSize } = chunk
  const properties = { voxelOffset, voxelSize }
  if (dtype === 'uint8')
    return createChunk(
      (data as Uint8Array).map((value) => 255 - value),
      shape,
      properties,
    )
  if (dtype !== 'float32' || !(data as Float32Array).every((value) => value >= 0 && value <= 1))
    throw chunkflowError(
      'dtype-unsupported',
      `Only uint8, and float32 in [0, 1], can be inverted, not ${dtype}`,
    )
  return createChunk(
    (data as Float32Array).map((value) => 1 - value),
    shape,
    properties,
  )
}
