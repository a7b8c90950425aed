import {
  type Chunk,
  chunkflowError,
  DTYPES,
  describeChunk,
  spatialSize,
  squeezeChannel,
} from '@chunkflow/sdk'

/** Looks ids up by global voxel: 0 for background, undefined outside of the chunk. @throws synapses-labels */
export function segmentLookup(segmentation: Chunk): (z: number, y: number, x: number) => bigint | undefined {
  const { dtype, shape } = segmentation
  if (DTYPES[dtype].kind === 'float' || (shape.length === 4 && shape[0] !== 1))
    throw chunkflowError(
      'synapses-labels',
      `Segments are looked up in labels, not in ${describeChunk(segmentation)}`,
      {
        fix: 'give a 3-D segmentation of integers',
      },
    )
  const { data, voxelOffset } = squeezeChannel(segmentation)
  const [depth, height, width] = spatialSize(segmentation)
  return (globalZ, globalY, globalX) => {
    const [z, y, x] = [globalZ - voxelOffset[0], globalY - voxelOffset[1], globalX - voxelOffset[2]]
    if (!(z >= 0 && z < depth && y >= 0 && y < height && x >= 0 && x < width)) return undefined
    return BigInt.asUintN(64, BigInt(data[(z * height + y) * width + x]!))
  }
}
