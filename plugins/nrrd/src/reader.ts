import {
  boxFromSize,
  boxToRead,
  createChunk,
  type Files,
  likelyLayerType,
  type Reader,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { namesNrrd } from './file-name.js'
import { geometryOf } from './geometry.js'
import { describeNrrd, type NrrdArray, readNrrd } from './read-nrrd.js'

/**
 * NRRD files as a READER. The voxel size is the header's, and so is the offset when the origin is a whole number of voxels along the
 * axes; otherwise boxes are counted from 0.
 */
export function nrrdReader(files: Files): Reader {
  const place = ({ header, names }: NrrdArray): { voxelOffset: Zyx; voxelSize: Zyx | null } => {
    const { voxelOffset, voxelSize } = geometryOf(header, names)
    return { voxelOffset: voxelOffset ?? zyx(0, 0, 0), voxelSize }
  }
  return {
    matches: namesNrrd,
    probe: async (path) => {
      const array = await describeNrrd(files.resolve(path))
      const { shape } = array
      const { dtype } = array.header
      const likely = { shape, dtype }
      return {
        ...likely,
        ...place(array),
        layerType: likelyLayerType(likely),
      }
    },
    read: async (path, { box } = {}) => {
      const { array, shape, data } = await readNrrd(files.resolve(path), {
        choose: (whole, found) => {
          const { voxelOffset } = place(found)
          const [depth, height, width] = whole.slice(-3) as [number, number, number]
          const covered = boxFromSize(voxelOffset, zyx(depth, height, width))
          const wanted = boxToRead(
            box,
            covered,
            path,
            'boxes are voxels z y x, counted from the offset of the file',
          )
          const channels = whole.slice(0, -3)
          return {
            start: [
              ...channels.map(() => 0),
              ...wanted.start.map((first, axis) => first - voxelOffset[axis]!),
            ],
            count: [...channels, ...wanted.start.map((first, axis) => wanted.stop[axis]! - first)],
          }
        },
      })
      const { voxelOffset, voxelSize } = place(array)
      return createChunk(data, shape, {
        dtype: array.header.dtype,
        voxelOffset: box?.start ?? voxelOffset,
        voxelSize,
      })
    },
  }
}
