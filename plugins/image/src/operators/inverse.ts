import { chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { inverse } from '../kernels/intensity.js'
import { inferredType, requireDtype, resultBytes } from '../result-type.js'

const DTYPES = ['uint8', 'float32'] as const
const FIX = 'quantize and rescale-intensity make images of other chunks'

export default defineOperator({
  name: 'inverse',
  summary: 'Invert intensities: 255 - v of bytes, 1 - v of float32 in [0, 1]',
  examples: ['create-chunk inverse debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  effects: 'pure',
  halo: () => [0, 0, 0],
  infer({ inputChunkName: input }) {
    requireDtype('inverse', input, DTYPES, FIX)
    return input === undefined ? {} : { outputChunkName: inferredType(input) }
  },
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      requireDtype('inverse', chunk, DTYPES, FIX)
      task.set(options.outputChunkName, inverse(chunk))
    },
  }),
})
