import type { Zyx } from '@chunkflow/sdk'
import type { FileMesh } from '../formats/encode.js'
import type { WordMesh } from './simplify.js'

/** Where half voxels lie. */
export interface Placement {
  /** The chunk's first voxel. */
  readonly voxelOffsetZyx: Zyx
  readonly voxelSizeNm: Zyx
}

/**
 * Half voxels z y x become nm x y z; a voxel's centre lies at its index times its size. The same place gets the same floats
 * from every chunk.
 */
export function placeMesh({ vertices, triangles }: WordMesh, placement: Placement): FileMesh {
  const { voxelOffsetZyx, voxelSizeNm } = placement
  const placed = new Float32Array(vertices.length)
  for (let index = 0; index < vertices.length; index += 3)
    for (let axis = 0; axis < 3; axis++)
      placed[index + 2 - axis] = (voxelOffsetZyx[axis]! + vertices[index + axis]! / 2) * voxelSizeNm[axis]!
  return { vertices: placed, triangles }
}
