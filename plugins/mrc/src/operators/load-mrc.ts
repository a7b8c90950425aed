import {
  type BoundingBox,
  boundingBox,
  boxFromSize,
  chunkflowError,
  convertElements,
  createChunk,
  DTYPE_NAMES,
  defineOperator,
  equalBoxes,
  FILES,
  flag,
  formatBox,
  intersectBoxes,
  LAYER_TYPES,
  optionalBoxOf,
  type ProgressBar,
  subtractZyx,
  translateBox,
  zyx,
} from '@chunkflow/sdk'
import { BYTE_SIGNS } from '../modes.js'
import { readMrc } from '../read-mrc.js'
import { wholeBox } from '../whole-box.js'

export default defineOperator({
  name: 'load-mrc',
  aliases: ['read-mrc'],
  summary: 'Load an MRC file, or a cutout of one, as a chunk',
  description:
    'Tomograms, stacks and density maps, in either byte order and any order of axes. Only the cutout is read: explicit options, else the box of the task, else everything. A cutout ends where the file ends. The voxel size is the header’s, in nanometres.',
  examples: [
    'create-chunk --voxel-size 40 4 4 save-mrc -f a.mrc load-mrc -f a.mrc --cutout-start 4 8 8 --cutout-size 4 16 16 debug',
    'create-chunk --dtype float32 save-mrc -f a.mrc load-mrc -f a.mrc --header-offset -o map debug',
  ],
  flags: {
    fileName: flag.text({ char: 'f', required: true, summary: 'file, .mrc, .rec, .st, .map' }),
    voxelOffset: flag.integers3({
      char: 'v',
      aliases: ['offset'],
      defaultText: '0 0 0',
      summary: 'global position of the first voxel of the file',
    }),
    headerOffset: flag.boolean({
      summary: 'the first voxel lies at nxstart, nystart, nzstart unless --voxel-offset is given',
    }),
    voxelSize: flag.numbers3({
      char: 'x',
      defaultText: 'from the header',
      exclusiveMinimum: 0,
      summary: 'nm',
    }),
    cutoutStart: flag.integers3({ char: 't', summary: 'start of the cutout, global' }),
    cutoutStop: flag.integers3({ char: 'p', summary: 'end of the cutout, excluded' }),
    cutoutSize: flag.integers3({ char: 's', minimum: 1, summary: 'size of the cutout, wins over its stop' }),
    bytes: flag.text({
      choices: BYTE_SIGNS,
      default: 'auto',
      summary: 'whether bytes are signed; auto: as the header says',
    }),
    layerType: flag.text({
      char: 'l',
      choices: LAYER_TYPES,
      defaultText: 'inferred',
      summary: 'what the voxels mean',
    }),
    dtype: flag.text({
      char: 'd',
      choices: DTYPE_NAMES,
      defaultText: 'as stored',
      summary: 'convert to this element type',
    }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  services: { files: FILES },
  effects: 'read',
  timed: true,
  infer: (_, { dtype, layerType }) => ({
    outputChunkName: {
      kind: 'chunk',
      ...(dtype === undefined ? {} : { dtype }),
      ...(layerType === undefined ? {} : { layerType, layerTypeDeclared: true }),
    },
  }),
  create({ options, services: { files }, logger }) {
    const { fileName, cutoutStart, cutoutStop, cutoutSize } = options
    let warned = false

    function wantedBox(whole: BoundingBox, taskBox: BoundingBox | undefined): BoundingBox {
      if (cutoutStart === undefined && cutoutStop === undefined && cutoutSize === undefined)
        return taskBox ?? whole
      const start = cutoutStart ?? whole.start
      return cutoutSize === undefined
        ? boundingBox(start, cutoutStop ?? whole.stop)
        : boxFromSize(start, cutoutSize)
    }

    function insideOf(whole: BoundingBox, wanted: BoundingBox): BoundingBox {
      const common = intersectBoxes(whole, wanted)
      if (common === null || common.start.some((start, axis) => start !== wanted.start[axis]))
        throw chunkflowError(
          'chunk-outside',
          `Box ${formatBox(wanted)} is not inside ${fileName}, which covers ${formatBox(whole)}`,
          { fix: 'boxes are global voxels z y x; check the cutout options, the task and --voxel-offset' },
        )
      if (!equalBoxes(common, wanted) && !warned) {
        warned = true
        logger.warn(`${fileName} ends before the box ${formatBox(wanted)}: read ${formatBox(common)}`)
      }
      return common
    }
    return {
      async run(task, { signal, progress }) {
        let bar: ProgressBar | undefined
        let start = zyx(0, 0, 0)
        try {
          const { header, shape, data } = await readMrc(files.resolve(fileName), {
            sign: options.bytes,
            choose: (found) => {
              const offset = options.voxelOffset ?? (options.headerOffset ? found.start : zyx(0, 0, 0))
              const whole = translateBox(wholeBox(found), offset)
              const box = insideOf(whole, wantedBox(whole, optionalBoxOf(task)))
              start = box.start
              return translateBox(box, subtractZyx(zyx(0, 0, 0), offset))
            },
            signal,
            start: (elements) => {
              bar = progress.start(`reading ${fileName}`, elements, 'voxels')
            },
            advance: (elements) => bar?.advance(elements),
          })
          const dtype = options.dtype ?? header.dtype
          const chunk = createChunk(
            dtype === header.dtype ? data : convertElements(data, header.dtype, dtype),
            shape,
            {
              dtype,
              voxelOffset: start,
              voxelSize: options.voxelSize ?? header.voxelSize,
              layerType: options.layerType,
            },
          )
          task.set(options.outputChunkName, chunk)
        } finally {
          bar?.end()
        }
      },
    }
  },
})
