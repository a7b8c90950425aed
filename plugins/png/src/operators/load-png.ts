import {
  type BoundingBox,
  boxFromSize,
  boxSize,
  chunkflowError,
  createChunk,
  DTYPE_NAMES,
  defineOperator,
  FILES,
  flag,
  formatBox,
  optionalBoxOf,
} from '@chunkflow/sdk'
import { listSections, readSections } from '../read-sections.js'
import { sectionName } from '../section-name.js'

export default defineOperator({
  name: 'load-png',
  aliases: ['load-pngs', 'read-pngs', 'read-png'],
  summary: 'Load PNG sections: one image, a folder, or a cutout of numbered images',
  description:
    'With --chunk-size, or a task with a box, section z is the file <path><z>.png (in a folder <path>/<z>.png), z being global; missing files stay zero. Rows and columns are global minus --voxel-offset, and zero beyond an image. Without a box all images are loaded, sorted by name. Of colours the first channel is taken.',
  examples: [
    'create-chunk --size 4 32 48 save-pngs -o pngs load-png -p pngs --voxel-size 40 8 8 debug',
    'create-chunk --size 4 32 48 save-pngs -o pngs load-png -p pngs/ --cutout-offset 1 8 8 --chunk-size 2 16 16 debug',
  ],
  flags: {
    path: flag.text({
      char: 'p',
      aliases: ['path-prefix'],
      required: true,
      summary: 'file, folder, or beginning of the file names',
    }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    cutoutOffset: flag.integers3({
      char: 'c',
      default: [0, 0, 0],
      summary: 'start of the cutout, global; with --chunk-size',
    }),
    voxelOffset: flag.integers3({
      char: 't',
      aliases: ['volume-offset'],
      default: [0, 0, 0],
      summary: 'global position of the stack of images',
    }),
    voxelSize: flag.numbers3({ char: 'x', default: [1, 1, 1], exclusiveMinimum: 0, summary: 'nm' }),
    digitNum: flag.integer({
      char: 'd',
      default: 5,
      minimum: 1,
      maximum: 20,
      summary: 'digits of z in file names, filled with zeros',
    }),
    chunkSize: flag.integers3({
      char: 's',
      minimum: 1,
      defaultText: "the task's box, or everything",
      summary: 'size of the cutout',
    }),
    dtype: flag.text({
      choices: DTYPE_NAMES,
      defaultText: "the first image's",
      summary: 'convert to this element type',
    }),
  },
  services: { files: FILES },
  effects: 'read',
  infer: (_, { dtype, chunkSize }) => ({
    outputChunkName: {
      kind: 'chunk',
      rank: 3,
      ...(dtype === undefined ? {} : { dtype }),
      ...(chunkSize === undefined ? {} : { shape: chunkSize }),
    },
  }),
  create({ options, services: { files }, logger }) {
    let toldOfColours = false
    return {
      async run(task, { signal, progress }) {
        const { chunkSize, cutoutOffset, voxelOffset, dtype } = options
        const box = chunkSize === undefined ? optionalBoxOf(task) : boxFromSize(cutoutOffset, chunkSize)
        const paths = box === undefined ? await listSections(files, options.path) : await numbered(box)
        const sections = await readSections(paths, {
          dtype,
          signal,
          progress: (count) => progress.start(`reading ${options.path}`, count, 'sections'),
          window: box && {
            start: [box.start[1] - voxelOffset[1], box.start[2] - voxelOffset[2]],
            size: [boxSize(box)[1], boxSize(box)[2]],
          },
        })
        if (sections.coloured !== undefined && !toldOfColours) {
          toldOfColours = true
          const { path, channels } = sections.coloured
          logger.warn(`${path} has ${channels} channels; of this and other colour images the first is taken`)
        }
        if (sections.overhanging > 0)
          logger.warn(
            `Box ${formatBox(box!)} reaches beyond ${sections.overhanging} of its images; voxels there are zero`,
          )
        task.set(
          options.outputChunkName,
          createChunk(sections.data, sections.shape, {
            dtype: sections.dtype,
            voxelOffset: box?.start ?? voxelOffset,
            voxelSize: options.voxelSize,
          }),
        )
      },
    }

    /** One file for each z of the box; null where there is none. */
    async function numbered(box: BoundingBox): Promise<(string | null)[]> {
      const status = await files.status(options.path)
      const [z0, z1] = [box.start[0], box.stop[0]]
      if (status?.kind === 'file') return oneImage(box)
      const separator = status?.kind === 'directory' && !options.path.endsWith('/') ? '/' : ''
      const paths: (string | null)[] = []
      const missing: string[] = []
      for (let z = z0; z < z1; z++) {
        const file = `${options.path}${separator}${sectionName(z, options.digitNum)}`
        const exists = (await files.status(file))?.kind === 'file'
        if (!exists) missing.push(file)
        paths.push(exists ? files.resolve(file) : null)
      }
      if (missing.length > 0)
        logger.warn(
          `${missing.length} of ${paths.length} sections have no file and stay zero: ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', ...' : ''}`,
        )
      return paths
    }

    /** A path that is a file is the section at the z of --voxel-offset. */
    function oneImage(box: BoundingBox): (string | null)[] {
      const z = options.voxelOffset[0]
      if (z < box.start[0] || z >= box.stop[0])
        throw chunkflowError(
          'png-options',
          `The one image ${options.path} is section ${z}, which is not in ${formatBox(box)}`,
          { fix: 'give its z with --voxel-offset, or the beginning of numbered file names as --path' },
        )
      return Array.from({ length: boxSize(box)[0] }, (_, index) =>
        box.start[0] + index === z ? files.resolve(options.path) : null,
      )
    }
  },
})
