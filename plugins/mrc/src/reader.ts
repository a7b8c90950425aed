import { boxToRead, createChunk, type Files, likelyLayerType, type Reader, zyx } from '@chunkflow/sdk'
import { namesMrc } from './file-name.js'
import { describeMrc, readMrc } from './read-mrc.js'
import { wholeBox } from './whole-box.js'

/** MRC files as a READER. The voxel size is the header's; boxes are counted from 0, as load-mrc does. */
export function mrcReader(files: Files): Reader {
  return {
    matches: namesMrc,
    probe: async (path) => {
      const { shape, dtype, voxelSize } = await describeMrc(files.resolve(path))
      const likely = { shape, dtype }
      return {
        ...likely,
        voxelOffset: zyx(0, 0, 0),
        voxelSize,
        layerType: likelyLayerType(likely),
      }
    },
    read: async (path, { box } = {}) => {
      const { header, shape, data } = await readMrc(files.resolve(path), {
        choose: (found) => boxToRead(box, wholeBox(found), path),
      })
      return createChunk(data, shape, {
        dtype: header.dtype,
        voxelOffset: box?.start ?? zyx(0, 0, 0),
        voxelSize: header.voxelSize,
      })
    },
  }
}
