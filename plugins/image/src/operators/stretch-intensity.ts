import { chunkflowError, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { stretchIntensity } from '../kernels/intensity.js'
import { inferredType, requireDtype, resultBytes } from '../result-type.js'

const FIX = 'rescale-intensity takes other element types'

export default defineOperator({
  name: 'stretch-intensity',
  summary: 'Stretch a range of uint8 intensities to [0, 255]',
  examples: ['create-chunk stretch-intensity --min-threshold 50 --max-threshold 200 debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    minThreshold: flag.integer({ default: 0, minimum: 0, maximum: 255, summary: 'up to it all becomes 0' }),
    maxThreshold: flag.integer({
      default: 256,
      minimum: 1,
      maximum: 256,
      summary: 'from it on all becomes 255',
    }),
  },
  effects: 'pure',
  halo: () => [0, 0, 0],
  infer({ inputChunkName: input }, { minThreshold, maxThreshold }) {
    if (minThreshold >= maxThreshold)
      throw chunkflowError(
        'flag-invalid',
        `--min-threshold ${minThreshold} is not below --max-threshold ${maxThreshold}`,
        { fix: 'to invert an image use inverse' },
      )
    requireDtype('stretch-intensity', input, ['uint8'], FIX)
    return input === undefined ? {} : { outputChunkName: inferredType(input) }
  },
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      requireDtype('stretch-intensity', chunk, ['uint8'], FIX)
      task.set(options.outputChunkName, stretchIntensity(chunk, options.minThreshold, options.maxThreshold))
    },
  }),
})
