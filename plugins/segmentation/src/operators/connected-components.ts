import { COMPUTE, chunkflowError, chunkOf, defineOperator, flag, isFloat } from '@chunkflow/sdk'
import { type Connectivity, connectedComponents } from '@chunkflow/sdk/numerics'

export default defineOperator({
  name: 'connected-components',
  summary: 'Label the connected regions of equal value, or of a thresholded map',
  description:
    'The threshold is compared with raw values: 0 to 255 for a uint8 image, 0 to 1 for a map. It is not applied to label volumes.',
  examples: [
    'create-chunk connected-components --threshold 128 debug',
    'create-chunk --dtype float32 connected-components -t 0.5 -c 26 -o seg debug',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    threshold: flag.number({ char: 't', summary: 'voxels above it are foreground; needed for maps' }),
    connectivity: flag.text({
      char: 'c',
      choices: ['6', '18', '26'],
      default: '6',
      summary: 'neighbours that connect: faces, edges too, corners too',
    }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  timed: true,
  infer: ({ inputChunkName }, { threshold }) => {
    if (inputChunkName?.dtype !== undefined && isFloat(inputChunkName.dtype) && threshold === undefined)
      throw chunkflowError(
        'dtype-unsupported',
        `connected-components needs a threshold for ${inputChunkName.dtype} values`,
        { fix: 'give --threshold, for example 0.5' },
      )
    const shape = inputChunkName?.shape?.slice(-3)
    return {
      outputChunkName: {
        kind: 'chunk',
        dtype: 'uint32',
        rank: 3,
        layerType: 'segmentation',
        ...(shape === undefined ? {} : { shape }),
      },
    }
  },
  create: ({ options, services }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.inputChunkName)
      const connectivity = Number(options.connectivity) as Connectivity
      task.set(
        options.outputChunkName,
        await connectedComponents(
          chunk,
          { connectivity, threshold: options.threshold },
          { compute: services.compute, signal },
        ),
      )
    },
  }),
})
