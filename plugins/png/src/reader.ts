import {
  boxContains,
  boxFromSize,
  boxSize,
  chunkflowError,
  createChunk,
  type Files,
  formatBox,
  type Reader,
  zyx,
} from '@chunkflow/sdk'
import { readPngHeader } from './png-image.js'
import { listSections, readSections } from './read-sections.js'

/** PNG images, or folders of them as sections sorted by name, as a READER. They say nothing of offset and voxel size. */
export function pngReader(files: Files): Reader {
  const origin = zyx(0, 0, 0)
  async function describe(path: string) {
    const sections = await listSections(files, path)
    const { width, height, dtype } = await readPngHeader(sections[0]!)
    return { sections, size: zyx(sections.length, height, width), dtype }
  }
  return {
    matches: (path) => /\.png$/i.test(path),
    probe: async (path) => {
      const { size, dtype } = await describe(path)
      return { shape: size, dtype, voxelOffset: origin, voxelSize: null, layerType: null }
    },
    read: async (path, { box } = {}) => {
      const { sections, size } = await describe(path)
      const whole = boxFromSize(origin, size)
      const { start, stop } = box ?? whole
      if (!boxContains(whole, box ?? whole))
        throw chunkflowError(
          'chunk-outside',
          `Box ${formatBox(box!)} is not inside ${path}, which covers ${formatBox(whole)}`,
          { fix: 'boxes are voxels z y x, counted from 0' },
        )
      const [, height, width] = boxSize(box ?? whole)
      const { data, shape, dtype } = await readSections(sections.slice(start[0], stop[0]), {
        window: box && { start: [start[1], start[2]], size: [height, width] },
      })
      return createChunk(data, shape, { dtype, voxelOffset: start })
    },
  }
}
