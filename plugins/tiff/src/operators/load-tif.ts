import { astype, createChunk, DTYPE_NAMES, defineOperator, FILES, flag } from '@chunkflow/sdk'
import { readTiff } from '../read-tiff.js'

export default defineOperator({
  name: 'load-tif',
  aliases: ['read-tif'],
  summary: 'Load a TIFF volume: a multi-page file, or a folder with a file a section',
  examples: ['create-chunk save-tif -f a.tif load-tif -f a.tif --voxel-size 40 4 4 debug'],
  flags: {
    fileName: flag.text({ char: 'f', required: true, summary: 'file or folder' }),
    voxelOffset: flag.integers3({
      char: 'v',
      aliases: ['offset'],
      default: [0, 0, 0],
      summary: 'global position of the first voxel',
    }),
    voxelSize: flag.numbers3({ char: 's', defaultText: 'unknown', summary: 'nm' }),
    layerType: flag.text({
      char: 'l',
      choices: ['image', 'segmentation'],
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
  create: ({ options, services, logger }) => ({
    async run(task, { progress }) {
      const { data, shape, dtype } = await readTiff(
        services.files.resolve(options.fileName),
        (text) => logger.warn(text),
        (pages) => progress.start(`reading ${options.fileName}`, pages, 'pages'),
      )
      const { voxelOffset, voxelSize, layerType } = options
      const chunk = createChunk(data, shape, { dtype, voxelOffset, voxelSize: voxelSize ?? null, layerType })
      task.set(options.outputChunkName, options.dtype === undefined ? chunk : astype(chunk, options.dtype))
    },
  }),
})
