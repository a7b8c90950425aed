import { createChunk, cutout, type Files, type Reader, zyx } from '@chunkflow/sdk'
import { probeTiff, readTiff } from './read-tiff.js'

/** TIFF volumes as a READER. */
export function tiffReader(files: Files): Reader {
  return {
    matches: (path) => /\.tiff?$/i.test(path),
    probe: async (path) => ({
      ...(await probeTiff(files.resolve(path))),
      voxelOffset: zyx(0, 0, 0),
      voxelSize: null,
      layerType: null,
    }),
    read: async (path, { box } = {}) => {
      const { data, shape, dtype } = await readTiff(files.resolve(path), () => {})
      const chunk = createChunk(data, shape, { dtype })
      return box === undefined ? chunk : cutout(chunk, box)
    },
  }
}
