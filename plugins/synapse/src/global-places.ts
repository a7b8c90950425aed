import { type Chunk, type PlainArray, zyx } from '@chunkflow/sdk'

export const UNKNOWN_VOXEL_SIZE = zyx(1, 1, 1)

/** Rows of voxels counted from the first one of a chunk, as global ones. */
export function globalPlaces(places: Int32Array, { voxelOffset }: Pick<Chunk, 'voxelOffset'>): PlainArray {
  const data = places.map((place, index) => place + voxelOffset[index % 3]!)
  return { shape: [data.length / 3, 3], dtype: 'int32', data }
}
