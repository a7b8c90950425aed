import { chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { mapTo01 } from '../kernels/intensity.js'
import { inferredType, requireDtype, resultBytes } from '../result-type.js'

const DTYPES = ['uint8', 'float16', 'float32', 'float64'] as const
const FIX = 'rescale-intensity brings other integers into 0 to 255'

export default defineOperator({
  name: 'mapto01',
  summary: 'Map values in [-1, 1] to [0, 1]: (v + 1) / 2',
  description: 'Bytes are divided by 255 first, so they end in [0.5, 1], as float32.',
  examples: ['create-chunk normalize-intensity mapto01 debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  effects: 'pure',
  halo: () => [0, 0, 0],
  infer({ inputChunkName: input }) {
    requireDtype('mapto01', input, DTYPES, FIX)
    if (input?.dtype === undefined) return {}
    return {
      outputChunkName: inferredType({ ...input, dtype: input.dtype === 'uint8' ? 'float32' : input.dtype }),
    }
  },
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName, 'float32'),
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      requireDtype('mapto01', chunk, DTYPES, FIX)
      task.set(options.outputChunkName, mapTo01(chunk))
    },
  }),
})
