import { chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { normalizeBytes } from '../kernels/intensity.js'
import { inferredType, requireDtype, resultBytes } from '../result-type.js'

const FIX = 'give it the raw image; quantize makes bytes of maps'

export default defineOperator({
  name: 'normalize-intensity',
  summary: 'Map uint8 intensities to float32 in [-1, 1]',
  examples: ['create-chunk normalize-intensity debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  effects: 'pure',
  timed: true,
  halo: () => [0, 0, 0],
  infer({ inputChunkName: input }) {
    requireDtype('normalize-intensity', input, ['uint8'], FIX)
    return { outputChunkName: inferredType({ ...input, dtype: 'float32' }) }
  },
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName, 'float32'),
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      requireDtype('normalize-intensity', chunk, ['uint8'], FIX)
      task.set(options.outputChunkName, normalizeBytes(chunk))
    },
  }),
})
