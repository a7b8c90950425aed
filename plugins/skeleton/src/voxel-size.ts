import { type Chunk, chunkflowError, type Zyx, zyx } from '@chunkflow/sdk'

/** nm z y x: the given size, else the chunk's. @throws skeleton-options */
export function voxelSizeOf(given: readonly [number, number, number] | undefined, chunk: Chunk): Zyx {
  if (given !== undefined) return zyx(...given)
  if (chunk.voxelSize !== null) return chunk.voxelSize
  throw chunkflowError('skeleton-options', 'The size of voxels is not known', {
    fix: 'give --voxel-size z y x in nm',
  })
}
