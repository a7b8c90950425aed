import {
  boxFromSize,
  boxToRead,
  createChunk,
  type Files,
  type Reader,
  spatialSize,
  zyx,
} from '@chunkflow/sdk'
import { describeTiff, readTiff } from './read-tiff.js'

/** TIFF files, or folders of them, as a READER. They say nothing of offset and voxel size. */
export function tiffReader(files: Files): Reader {
  const origin = zyx(0, 0, 0)
  return {
    matches: (path) => /\.tiff?$/i.test(path),
    probe: async (path) => {
      const { shape, dtype } = await describeTiff(files.resolve(path))
      return { shape, dtype, voxelOffset: origin, voxelSize: null, layerType: null }
    },
    read: async (path, { box } = {}) => {
      const { data, shape, dtype } = await readTiff(files.resolve(path), {
        region: (whole) => boxToRead(box, boxFromSize(origin, spatialSize({ shape: whole as never })), path),
      })
      return createChunk(data, shape, { dtype, voxelOffset: box?.start ?? origin })
    },
  }
}
