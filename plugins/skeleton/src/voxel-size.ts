import { type Chunk, chunkflowError, type Zyx, zyx } from '@chunkflow/sdk'

/** nm z y x: the given size, else the chunk's. @throws skeleton-options */
export function voxelSizeOf(given: readonly [number, number, number] | undefined, chunk: Chunk): Zyx {
  if (given !== undefined) {
    if (given.some((size) => !(size > 0)))
      throw chunkflowError('skeleton-options', `The voxel size ${given.join(' ')} is not positive`, {
        fix: 'give three numbers z y x in nm',
      })
    return zyx(...given)
  }
  if (chunk.voxelSize !== null) return chunk.voxelSize
  throw chunkflowError('skeleton-options', 'The size of voxels is not known', {
    fix: 'give --voxel-size z y x in nm',
  })
}
