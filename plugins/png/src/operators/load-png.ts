import {
  addZyx,
  allocate,
  astype,
  type BoundingBox,
  boxFromSize,
  boxSize,
  chunkflowError,
  createChunk,
  DTYPE_NAMES,
  defineOperator,
  FILES,
  flag,
  optionalBoxOf,
  zyx,
} from '@chunkflow/sdk'
import { decodePng, type GreyPicture } from '../codec.js'
import { sectionName } from '../section-name.js'

export default defineOperator({
  name: 'load-png',
  aliases: ['load-pngs', 'read-pngs'],
  summary: 'Load a PNG, a folder of PNG sections, or a cutout of numbered sections',
  description:
    'With a box, from --chunk-size or the task, sections are files named by global z, `<path>00042.png`; missing ones stay zero. Without, all pictures of the folder in order of their names.',
  examples: [
    'create-chunk --size 4 16 16 save-pngs -o sections',
    'load-png --path sections --cutout-offset 1 2 3 --chunk-size 2 8 8 debug',
  ],
  flags: {
    path: flag.text({
      char: 'p',
      aliases: ['path-prefix'],
      required: true,
      summary: 'file, folder or prefix of file names',
    }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    cutoutOffset: flag.integers3({ char: 'c', default: [0, 0, 0], summary: 'start of the cutout, global' }),
    voxelOffset: flag.integers3({
      char: 't',
      aliases: ['volume-offset'],
      default: [0, 0, 0],
      summary: 'global position of the first pixel of the stack',
    }),
    voxelSize: flag.numbers3({ char: 'x', default: [1, 1, 1], summary: 'nm' }),
    digitNum: flag.integer({ char: 'd', default: 5, minimum: 1, summary: 'digits of the section numbers' }),
    chunkSize: flag.integers3({
      char: 's',
      minimum: 1,
      defaultText: "the task's box",
      summary: 'size of the cutout',
    }),
    dtype: flag.text({
      choices: DTYPE_NAMES,
      defaultText: 'of the first picture',
      summary: 'convert to this element type',
    }),
  },
  services: { files: FILES },
  effects: 'read',
  infer: (_, { dtype }) => ({
    outputChunkName: { kind: 'chunk', rank: 3, ...(dtype === undefined ? {} : { dtype }) },
  }),
  create({ options, services: { files }, logger }) {
    return {
      async run(task) {
        const box =
          options.chunkSize === undefined
            ? optionalBoxOf(task)
            : boxFromSize(options.cutoutOffset, options.chunkSize)
        const chunk = box === undefined ? await loadAll() : await loadBox(box)
        task.set(options.outputChunkName, options.dtype === undefined ? chunk : astype(chunk, options.dtype))
      },
    }

    async function loadAll() {
      const pictures: GreyPicture[] = []
      for (const file of await picturesOf()) pictures.push(await decodePng(await files.read(file), file))
      const [first] = pictures as [GreyPicture]
      const data = allocate(
        first.data instanceof Uint16Array ? 'uint16' : 'uint8',
        pictures.length * first.width * first.height,
      ) as Uint8Array
      pictures.forEach((picture, index) => {
        if (picture.width !== first.width || picture.height !== first.height)
          throw chunkflowError(
            'png-unsupported',
            `Section ${index} is ${picture.height}×${picture.width}, the first one ${first.height}×${first.width}`,
            { fix: 'all sections of a volume have one size' },
          )
        data.set(picture.data, index * first.width * first.height)
      })
      return createChunk(data, [pictures.length, first.height, first.width], {
        voxelOffset: options.voxelOffset,
        voxelSize: options.voxelSize,
      })
    }

    async function picturesOf(): Promise<string[]> {
      const status = await files.status(options.path)
      if (status?.kind === 'file') return [options.path]
      const names =
        status === null ? [] : (await files.list(options.path)).filter((name) => /\.png$/i.test(name))
      if (names.length === 0)
        throw chunkflowError('png-missing', `There are no pictures at ${options.path}`, {
          fix: 'name a PNG, a folder of them, or give --chunk-size for numbered sections',
        })
      return names.map((name) => `${options.path.replace(/\/*$/, '/')}${name}`)
    }

    async function loadBox(box: BoundingBox) {
      const prefix =
        (await files.status(options.path))?.kind === 'directory'
          ? options.path.replace(/\/*$/, '/')
          : options.path
      const [depth, height, width] = boxSize(box)
      const sections: (GreyPicture | undefined)[] = []
      for (let z = 0; z < depth; z++) {
        const file = `${prefix}${sectionName(box.start[0] + z, options.digitNum)}`
        if ((await files.status(file)) === null) logger.warn(`${file} is missing: its section is zero`)
        sections.push(
          (await files.status(file)) === null ? undefined : await decodePng(await files.read(file), file),
        )
      }
      const found = sections.find((section) => section !== undefined)
      if (found === undefined)
        throw chunkflowError('png-missing', `No section of the box exists at ${prefix}`, {
          fix: 'check --path, --digit-num and the box',
        })
      const data = allocate(
        found.data instanceof Uint16Array ? 'uint16' : 'uint8',
        depth * height * width,
      ) as Uint8Array
      // rows and columns of the pictures start at the stack's offset; section numbers are global
      const start = addZyx(box.start, zyx(0, -options.voxelOffset[1], -options.voxelOffset[2]))
      sections.forEach((section, z) => {
        if (section === undefined) return
        if (
          start[1] < 0 ||
          start[2] < 0 ||
          start[1] + height > section.height ||
          start[2] + width > section.width
        )
          throw chunkflowError(
            'png-unsupported',
            `The cutout reaches beyond section ${box.start[0] + z}, which is ${section.height}×${section.width}`,
            { fix: 'check --chunk-size, --cutout-offset and --voxel-offset' },
          )
        for (let y = 0; y < height; y++) {
          const from = (start[1] + y) * section.width + start[2]
          data.set(section.data.subarray(from, from + width), (z * height + y) * width)
        }
      })
      return createChunk(data, [depth, height, width], {
        voxelOffset: box.start,
        voxelSize: options.voxelSize,
      })
    }
  },
})
