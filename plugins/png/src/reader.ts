import { boxFromSize, boxSize, boxToRead, createChunk, type Files, type Reader, zyx } from '@chunkflow/sdk'
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
      const wanted = boxToRead(box, boxFromSize(origin, size), path)
      const { start, stop } = wanted
      const [, height, width] = boxSize(wanted)
      const { data, shape, dtype } = await readSections(sections.slice(start[0], stop[0]), {
        window: box && { start: [start[1], start[2]], size: [height, width] },
      })
      return createChunk(data, shape, { dtype, voxelOffset: start })
    },
  }
}
