import {
  boxFromSize,
  boxToRead,
  type Chunk,
  chunkflowError,
  createChunk,
  type Files,
  likelyLayerType,
  type Reader,
  spatialSize,
  zyx,
} from '@chunkflow/sdk'
import { namesOneFile } from './file-name.js'
import { describeNpy, readNpy } from './read-npy.js'

/** NPY files with 2 to 4 axes as a READER. They say nothing of offset and voxel size. */
export function npyReader(files: Files): Reader {
  return {
    matches: namesOneFile,
    probe: async (path) => {
      const { shape, dtype } = await describeNpy(files.resolve(path))
      const likely = { shape: chunkShape(shape, path), dtype }
      return {
        ...likely,
        voxelOffset: zyx(0, 0, 0),
        voxelSize: null,
        layerType: likelyLayerType(likely),
      }
    },
    read: async (path, { box } = {}) => {
      const { data, shape, dtype } = await readNpy(files.resolve(path), (stored) => {
        const full = chunkShape(stored, path)
        const whole = boxFromSize(zyx(0, 0, 0), spatialSize({ shape: full as Chunk['shape'] }))
        const wanted = boxToRead(box, whole, path)
        const channels = full.length === 4 ? [full[0]!] : []
        const start = [...channels.map(() => 0), ...wanted.start]
        const count = [...channels, ...wanted.start.map((first, axis) => wanted.stop[axis]! - first)]
        return { start: start.slice(-stored.length), count: count.slice(-stored.length) }
      })
      return createChunk(data, shape, { dtype, voxelOffset: box?.start ?? zyx(0, 0, 0) })
    },
  }
}

/** One section is a stack of one. @throws npy-options for other arrays than 2-D to 4-D ones */
export function chunkShape(shape: readonly number[], path: string): readonly number[] {
  if (shape.length < 2 || shape.length > 4)
    throw chunkflowError('npy-options', `${path} has ${shape.length} axes; a chunk has 2 to 4`, {
      fix: 'load it as a plain array: give --file-path instead of --file-name',
    })
  return shape.length === 2 ? [1, ...shape] : shape
}
