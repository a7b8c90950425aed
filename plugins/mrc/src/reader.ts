import {
  boxContains,
  chunkflowError,
  createChunk,
  type Files,
  formatBox,
  looksLikeImage,
  looksLikeSegmentation,
  type Reader,
  zyx,
} from '@chunkflow/sdk'
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
        layerType: looksLikeImage(likely) ? 'image' : looksLikeSegmentation(likely) ? 'segmentation' : null,
      }
    },
    read: async (path, { box } = {}) => {
      const { header, shape, data } = await readMrc(files.resolve(path), {
        choose: (found) => {
          const whole = wholeBox(found)
          const wanted = box ?? whole
          if (!boxContains(whole, wanted))
            throw chunkflowError(
              'chunk-outside',
              `Box ${formatBox(wanted)} is not inside ${path}, which covers ${formatBox(whole)}`,
              { fix: 'boxes are voxels z y x, counted from 0' },
            )
          return wanted
        },
      })
      return createChunk(data, shape, {
        dtype: header.dtype,
        voxelOffset: box?.start ?? zyx(0, 0, 0),
        voxelSize: header.voxelSize,
      })
    },
  }
}
