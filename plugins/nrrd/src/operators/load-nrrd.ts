import {
  convertElements,
  createChunk,
  DTYPE_NAMES,
  defineOperator,
  FILES,
  flag,
  LAYER_TYPES,
  type ProgressBar,
  zyx,
} from '@chunkflow/sdk'
import { AXIS_ORDERS } from '../axes.js'
import { geometryOf, requireOffset } from '../geometry.js'
import { readNrrd } from '../read-nrrd.js'

export default defineOperator({
  name: 'load-nrrd',
  aliases: ['read-nrrd'],
  summary: 'Load an NRRD file as a chunk',
  description:
    'Attached and detached headers, raw, gzip, text and hex. The fastest axis of the file becomes x unless its labels say otherwise; an axis of components, or the slowest of four, becomes the channels. Offset and voxel size come from the options; with --header-geometry from the header where the options are silent.',
  examples: [
    'create-chunk --voxel-size 40 4 4 save-nrrd -f a.nrrd load-nrrd -f a.nrrd --header-geometry debug',
    'create-chunk --dtype uint64 save-nrrd -f seg.nrrd --axis-order zyx load-nrrd -f seg.nrrd -o seg --layer-type segmentation',
  ],
  flags: {
    fileName: flag.text({ char: 'f', required: true, summary: 'file, .nrrd or .nhdr' }),
    voxelOffset: flag.integers3({
      char: 'v',
      aliases: ['offset'],
      defaultText: '0 0 0',
      summary: 'global position of the first voxel',
    }),
    voxelSize: flag.numbers3({ char: 's', defaultText: 'unknown', exclusiveMinimum: 0, summary: 'nm' }),
    headerGeometry: flag.boolean({
      summary:
        'take offset and voxel size from the header where --voxel-offset and --voxel-size are not given',
    }),
    axisOrder: flag.text({
      choices: AXIS_ORDERS,
      defaultText: 'the labels of the file, else xyz',
      summary: 'axes of the file, fastest first; zyx for files of the Python release',
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
  create: ({ options, services: { files } }) => ({
    async run(task, { signal, progress }) {
      const { fileName, headerGeometry, axisOrder } = options
      let bar: ProgressBar | undefined
      try {
        const { array, shape, data } = await readNrrd(files.resolve(fileName), {
          axisOrder,
          signal,
          start: (elements) => {
            bar = progress.start(`reading ${fileName}`, elements, 'voxels')
          },
          advance: (elements) => bar?.advance(elements),
        })
        const { header, names } = array
        const geometry = headerGeometry ? geometryOf(header, names) : undefined
        const dtype = options.dtype ?? header.dtype
        const chunk = createChunk(
          dtype === header.dtype ? data : convertElements(data, header.dtype, dtype),
          shape,
          {
            dtype,
            voxelOffset:
              options.voxelOffset ??
              (geometry === undefined ? zyx(0, 0, 0) : requireOffset(geometry, header, names, fileName)),
            voxelSize: options.voxelSize ?? geometry?.voxelSize ?? null,
            layerType: options.layerType,
          },
        )
        task.set(options.outputChunkName, chunk)
      } finally {
        bar?.end()
      }
    },
  }),
})
