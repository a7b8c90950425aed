import {
  allocate,
  astype,
  type BoundingBox,
  boxSize,
  type Chunk,
  COMPUTE,
  chunkBox,
  createChunk,
  defineOperator,
  equalBoxes,
  FILES,
  flag,
  formatBox,
  optionalBoxOf,
  zyx,
} from '@chunkflow/sdk'
import { parseChannels } from '../channels.js'
import { insideOf, requestedBox, wantedBox } from '../cutout.js'
import { findSource } from '../file-name.js'
import { inferLoaded } from '../infer-loaded.js'
import { readHdf5 } from '../read-hdf5.js'
import { hdf5Worker } from '../session.js'

const DTYPES = ['float32', 'float64', 'uint8', 'uint16', 'uint32', 'uint64'] as const
const UNKNOWN_VOXEL_SIZE = zyx(1, 1, 1)

export default defineOperator({
  name: 'load-h5',
  aliases: ['read-h5'],
  summary: 'Load a chunk, or a cutout of one, from an HDF5 file',
  description:
    'A file name that does not end in .h5, .hdf5 or .hdf may be a prefix or a folder: `<prefix><box>.h5` is then read. A file that is missing or empty under its prefix gives null, and the operators after it leave the task alone. Only the cutout is read: explicit options, else the box of the task, else everything. A cutout ends where the array ends.',
  examples: [
    'create-chunk save-h5 -f a.h5 load-h5 -f a.h5 --cutout-start 0 8 8 --cutout-size 4 16 16 debug',
    'create-chunk --dtype uint64 save-h5 -f a.h5 load-h5 -f a.h5 -o labels --voxel-size 40 4 4 debug',
  ],
  flags: {
    fileName: flag.text({ char: 'f', required: true, summary: 'file, or prefix of files named by box' }),
    datasetPath: flag.text({
      char: 'd',
      defaultText: 'the first array of the root',
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
      defaultText: 'from the file, or 0 0 0',
      summary: 'global position of the array',
    }),
    voxelSize: flag.numbers3({
      char: 'x',
      defaultText: 'from the file, or 1 1 1',
      exclusiveMinimum: 0,
      summary: 'nm',
    }),
    channels: flag.text({
      char: 'c',
      defaultText: 'all',
      summary: 'channels to read: 0, [0,2], 0:2 or slice(0,2)',
    }),
    cutoutStart: flag.integers3({
      char: 't',
      defaultText: "the start of the task's box or of the array",
      summary: 'start of the cutout, global',
    }),
    cutoutStop: flag.integers3({
      char: 'p',
      defaultText: "the stop of the task's box or of the array",
      summary: 'end of the cutout, excluded',
    }),
    cutoutSize: flag.integers3({
      char: 's',
      summary: 'size of the cutout, wins over its stop; a negative entry means to the end of the axis',
    }),
    zeroFilling: flag.boolean({
      summary: 'a missing file gives zeros of the box instead of null; needs --dtype',
    }),
    setBbox: flag.boolean({ summary: "make the chunk's box the task's box" }),
    removeEmpty: flag.boolean({
      no: 'do-not-remove',
      summary: 'delete the file when all its voxels are 0; a cutout never deletes',
    }),
    outputChunkName: flag.output({
      char: 'o',
      aliases: ['output', 'output-name'],
      kind: 'chunk',
      nullable: true,
    }),
  },
  services: { files: FILES, compute: COMPUTE },
  effects: 'read',
  timed: true,
  // with --set-bbox; the planner takes no conditions
  sets: ['bbox'],
  infer: (_, options) => ({ outputChunkName: inferLoaded(options) }),
  create({ options, services: { files, compute }, workers, globals, logger }) {
    const worker = hdf5Worker(compute, workers.hdf5!)
    const channels = options.channels === undefined ? undefined : parseChannels(options.channels)
    let warned = false

    function choose(whole: BoundingBox, taskBox: BoundingBox | undefined): BoundingBox {
      const wanted = wantedBox(whole, options, taskBox)
      const box = insideOf(wanted, whole, options.fileName)
      if (!equalBoxes(box, wanted) && !warned) {
        warned = true
        logger.warn(`${options.fileName} ends before the box ${formatBox(wanted)}: read ${formatBox(box)}`)
      }
      return box
    }

    async function removeWhenEmpty(file: string, { data }: Chunk): Promise<void> {
      // number and bigint arrays compare alike
      if ((data as Uint8Array).some((value) => Number(value) !== 0)) return
      if (globals.dryRun) logger.info(`dry run: would delete ${file}`)
      else await files.remove(file)
    }

    function zeros(box: BoundingBox): Chunk {
      const size = boxSize(box)
      return createChunk(allocate(options.dtype!, size[0] * size[1] * size[2]), size, {
        dtype: options.dtype!,
        voxelOffset: box.start,
        voxelSize: options.voxelSize ?? UNKNOWN_VOXEL_SIZE,
        layerType: options.layerType,
      })
    }
    return {
      async run(task, { signal, progress }) {
        const taskBox = optionalBoxOf(task)
        const box = requestedBox(options, taskBox)
        const file = await findSource(files, options.fileName, box, { optional: options.zeroFilling })
        let chunk: Chunk | null = null
        if (file === null) {
          if (options.zeroFilling && box !== undefined) chunk = zeros(box)
        } else {
          const read = await readHdf5(
            files.resolve(file),
            {
              dataset: options.datasetPath,
              voxelOffset: options.voxelOffset,
              voxelSize: options.voxelSize,
              defaultVoxelSize: UNKNOWN_VOXEL_SIZE,
              layerType: options.layerType,
              channels,
              choose: (whole) => choose(whole, taskBox),
            },
            worker,
            { signal, progress: (voxels) => progress.start(`reading ${file}`, voxels, 'voxels') },
          )
          if (options.removeEmpty && read.complete) await removeWhenEmpty(file, read.chunk)
          chunk = options.dtype === undefined ? read.chunk : astype(read.chunk, options.dtype)
        }
        task.set(options.outputChunkName, chunk)
        if (options.setBbox && chunk !== null) task.set('bbox', chunkBox(chunk))
      },
      dispose: () => worker.dispose(),
    }
  },
})
