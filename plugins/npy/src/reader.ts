import { createChunk, cutout, type Files, type Reader, zyx } from '@chunkflow/sdk'
import { readNpy, readNpyHeader } from './npy-file.js'

/** NumPy files as a READER. */
export function npyReader(files: Files): Reader {
  return {
    matches: (path) => path.endsWith('.npy'),
    probe: async (path) => {
      const { shape, dtype } = await readNpyHeader(files.resolve(path))
      return { shape, dtype, voxelOffset: zyx(0, 0, 0), voxelSize: null, layerType: null }
    },
    read: async (path, { box } = {}) => {
      const { data, shape, dtype } = await readNpy(files.resolve(path))
      const chunk = createChunk(data, shape, { dtype })
      return box === undefined ? chunk : cutout(chunk, box)
    },
  }
}
