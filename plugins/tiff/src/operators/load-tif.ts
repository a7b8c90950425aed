import { convertElements, createChunk, DTYPE_NAMES, defineOperator, FILES, flag } from '@chunkflow/sdk'
import { readTiff } from '../read-tiff.js'

export default defineOperator({
  name: 'load-tif',
  aliases: ['read-tif'],
  summary: 'Load a TIFF stack, or a folder with one section a file',
  description:
    'Pages become sections, a single page one section. Files that say so (tifffile, ImageJ, OME) become 4-D with channels first. Of colours the first channel is taken, with a warning. Offset and voxel size come from the options alone.',
  examples: [
    'create-chunk save-tif -f a.tif load-tif -f a.tif --voxel-offset 10 20 30 --voxel-size 40 4 4 debug',
    'create-chunk --dtype uint64 save-tif -f seg.tif load-tif -f seg.tif -o seg --layer-type segmentation',
  ],
  flags: {
    fileName: flag.text({ char: 'f', required: true, summary: 'file or folder' }),
    voxelOffset: flag.integers3({
      char: 'v',
      aliases: ['offset'],
      default: [0, 0, 0],
      summary: 'global position of the first voxel',
    }),
    voxelSize: flag.numbers3({ char: 's', defaultText: 'unknown', exclusiveMinimum: 0, summary: 'nm' }),
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
  create: ({ options, services: { files } }) => ({
    async run(task, { signal, progress, logger }) {
      const { data, shape, dtype, warnings } = await readTiff(files.resolve(options.fileName), {
        signal,
        progress: (elements) => progress.start(`reading ${options.fileName}`, elements, 'voxels'),
      })
      for (const warning of warnings) logger.warn(warning)
      const wanted = options.dtype ?? dtype
      const chunk = createChunk(wanted === dtype ? data : convertElements(data, dtype, wanted), shape, {
        dtype: wanted,
        voxelOffset: options.voxelOffset,
        voxelSize: options.voxelSize ?? null,
        layerType: options.layerType,
      })
      task.set(options.outputChunkName, chunk)
    },
  }),
})
