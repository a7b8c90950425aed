import { chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { quantizeChunk } from '../kernels/quantize.js'
import { flatShape, requireDtype, resultBytes } from '../result-type.js'

export default defineOperator({
  name: 'quantize',
  summary: 'Turn an affinity or probability map into a uint8 image',
  examples: ['create-chunk --dtype float32 quantize debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    mode: flag.text({
      choices: ['xy', 'z'],
      default: 'xy',
      summary: 'of an affinity map: mean of x and y, or z',
    }),
  },
  effects: 'pure',
  halo: () => [0, 0, 0],
  infer({ inputChunkName: input }) {
    requireDtype('quantize', input, ['float32'], 'give it the output of a network')
    return {
      outputChunkName: {
        ...flatShape(input),
        ...({ kind: 'chunk', dtype: 'uint8', rank: 3, layerType: 'image', layerTypeDeclared: true } as const),
      },
    }
  },
  estimate: ({ inputChunkName }) => resultBytes({ kind: 'chunk', ...flatShape(inputChunkName) }, 'uint8'),
  create: ({ options }) => ({
    run: (task) =>
      task.set(options.outputChunkName, quantizeChunk(chunkOf(task, options.inputChunkName), options.mode)),
  }),
})
