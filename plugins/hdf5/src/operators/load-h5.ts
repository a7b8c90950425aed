import {
  allocate,
  astype,
  type BoundingBox,
  boundingBox,
  boxFromSize,
  boxSize,
  COMPUTE,
  chunkBox,
  chunkflowError,
  createChunk,
  type Dtype,
  defineOperator,
  FILES,
  flag,
  formatBox,
  optionalBoxOf,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { parseChannels } from '../channels.js'
import { readHdf5 } from '../hdf5-file.js'

const DTYPES = ['float32', 'float64', 'uint8', 'uint16', 'uint32', 'uint64'] as const

export default defineOperator({
  name: 'load-h5',
  aliases: ['read-h5'],
  summary: 'Load a chunk, or a cutout of one, from an HDF5 file',
  description:
    "The file name may be a prefix: `<prefix><bbox>.h5` is then read, with the task's box. A file that is missing or empty under its prefix gives null, and the operators after it pass the task on.",
  examples: ['create-chunk save-h5 -f a.h5 load-h5 -f a.h5 --cutout-start 0 8 8 --cutout-size 4 16 16 debug'],
  flags: {
    fileName: flag.text({ char: 'f', required: true, summary: 'file, or prefix of files named by box' }),
    datasetPath: flag.text({
      char: 'd',
      defaultText: 'the first array',
      summary: 'dataset, such as /volumes/raw',
    }),
    dtype: flag.text({ char: 'e', choices: DTYPES, summary: 'convert to this element type' }),
    layerType: flag.text({
      char: 'l',
      choices: ['image', 'segmentation'],
      defaultText: 'from the file, or inferred',
      summary: 'what the voxels mean',
    }),
    voxelOffset: flag.integers3({
      char: 'v',
      aliases: ['offset'],
      defaultText: 'from the file',
      summary: 'global position of the array',
    }),
    voxelSize: flag.numbers3({ char: 'x', defaultText: 'from the file', summary: 'nm' }),
    channels: flag.text({
      char: 'c',
      defaultText: 'all',
      summary: 'channels to read: 0, [0,2], 0:2 or slice(0,2)',
    }),
    cutoutStart: flag.integers3({
      char: 't',
      defaultText: "the task's box",
      summary: 'start of the cutout, global',
    }),
    cutoutStop: flag.integers3({ char: 'p', summary: 'end of the cutout, excluded' }),
    cutoutSize: flag.integers3({
      char: 's',
      summary: 'size of the cutout; a negative entry means the whole axis',
    }),
    zeroFilling: flag.boolean({
      summary: 'a missing file gives zeros of the box instead of null; needs --dtype',
    }),
    setBbox: flag.boolean({ summary: "make the chunk's box the task's box" }),
    removeEmpty: flag.boolean({ no: 'do-not-remove', summary: 'delete the file when all its voxels are 0' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk', nullable: true }),
  },
  services: { files: FILES, compute: COMPUTE },
  effects: 'read',
  timed: true,
  infer: (_, { dtype }) => ({
    outputChunkName: { kind: 'chunk', ...(dtype === undefined ? {} : { dtype }) },
  }),
  create({ options, services: { files, compute }, workers, globals, logger }) {
    const channels = options.channels === undefined ? undefined : parseChannels(options.channels)
    return {
      async run(task, { signal, progress }) {
        const taskBox = options.cutoutStart === undefined ? optionalBoxOf(task) : undefined
        const file = await findFile(taskBox)
        if (file === null) {
          task.set(
            options.outputChunkName,
            options.zeroFilling && taskBox !== undefined ? zeros(taskBox) : null,
          )
          return
        }
        const chunk = await readHdf5(
          file,
          {
            dataset: options.datasetPath,
            voxelOffset: options.voxelOffset,
            voxelSize: options.voxelSize,
            layerType: options.layerType,
            channels,
            box: (whole) => cutoutBox(whole, taskBox),
          },
          { compute, worker: workers.hdf5!, signal },
          (total) => progress.start(`reading ${options.fileName}`, total, 'voxels'),
        )
        if (options.removeEmpty && (chunk.data as Uint8Array).every((value) => !value)) {
          if (globals.dryRun) logger.info(`dry run: would delete ${file}`)
          else await files.remove(file)
        }
        task.set(options.outputChunkName, options.dtype === undefined ? chunk : astype(chunk, options.dtype))
        if (options.setBbox) task.set('bbox', chunkBox(chunk))
      },
    }

    /** The file itself, the one its prefix and the box name, or null when that one is missing or empty. */
    async function findFile(box: BoundingBox | undefined): Promise<string | null> {
      const status = await files.status(options.fileName)
      if (status?.kind === 'file' && status.bytes > 0) return files.resolve(options.fileName)
      if (box === undefined || options.fileName.endsWith('.h5')) {
        if (status?.kind === 'file') return null
        throw chunkflowError('hdf5-missing', `There is no file ${options.fileName}`, {
          fix: 'check the path; a prefix needs a task with a bounding box',
        })
      }
      const named = `${options.fileName}${status?.kind === 'directory' && !options.fileName.endsWith('/') ? '/' : ''}${formatBox(box)}.h5`
      const found = await files.status(named)
      return found?.kind === 'file' && found.bytes > 0 ? files.resolve(named) : null
    }

    function cutoutBox(whole: BoundingBox, taskBox: BoundingBox | undefined): BoundingBox {
      const { cutoutStart, cutoutStop, cutoutSize } = options
      if (cutoutStart === undefined && cutoutStop === undefined && cutoutSize === undefined)
        return taskBox ?? whole
      const start: Zyx = cutoutStart ?? whole.start
      if (cutoutSize !== undefined) {
        const full = boxSize(boundingBox(start, whole.stop))
        return boxFromSize(
          start,
          zyx(pick(cutoutSize[0], full[0]), pick(cutoutSize[1], full[1]), pick(cutoutSize[2], full[2])),
        )
      }
      return boundingBox(start, cutoutStop ?? whole.stop)
    }

    function zeros(box: BoundingBox) {
      if (options.dtype === undefined)
        throw chunkflowError('hdf5-options', '--zero-filling needs to know the element type', {
          fix: 'give --dtype',
        })
      const size = boxSize(box)
      const data = allocate(options.dtype as Dtype, size[0] * size[1] * size[2])
      return createChunk(data, size, {
        voxelOffset: box.start,
        voxelSize: options.voxelSize ?? [1, 1, 1],
        layerType: options.layerType,
      })
    }
  },
})

const pick = (size: number, full: number): number => (size < 0 ? full : size)
