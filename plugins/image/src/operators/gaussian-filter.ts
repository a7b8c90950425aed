import { COMPUTE, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { GAUSSIAN_DTYPES, gaussianFilter, gaussianRadius } from '../kernels/gaussian.js'
import { requireDtype, resultBytes } from '../result-type.js'

const FIX = 'labels are not blurred: threshold or mask the image instead'

export default defineOperator({
  name: 'gaussian-filter',
  summary: 'Blur every z section and channel by itself',
  examples: [
    'create-chunk gaussian-filter --sigma 2 debug',
    'create-chunk -o image gaussian-filter -i image -o blurred debug',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({
      char: 'o',
      aliases: ['output'],
      kind: 'chunk',
      optional: true,
      defaultText: 'the input',
    }),
    sigma: flag.number({
      char: 's',
      default: 1,
      minimum: 0,
      summary: 'standard deviation in voxels, along y and x',
    }),
    inplace: flag.boolean({
      ignored: true,
      summary: 'of the plugin of this name; the variable is replaced, other variables never change',
    }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  timed: true,
  infer({ inputChunkName: input }) {
    requireDtype('gaussian-filter', input, GAUSSIAN_DTYPES, FIX)
    return input === undefined ? {} : { outputChunkName: input }
  },
  halo: ({ sigma }) => [0, gaussianRadius(sigma), gaussianRadius(sigma)],
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create: ({ options, services: { compute } }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.inputChunkName)
      requireDtype('gaussian-filter', chunk, GAUSSIAN_DTYPES, FIX)
      const blurred = await gaussianFilter(chunk, options.sigma, { compute, signal })
      task.set(options.outputChunkName ?? options.inputChunkName, blurred)
    },
  }),
})
