import { chunkOf, defineOperator, flag, transposeChunk } from '@chunkflow/sdk'
import { inferredType, resultBytes } from '../result-type.js'

export default defineOperator({
  name: 'transpose',
  summary: 'Reverse the axes of a chunk',
  examples: ['create-chunk --size 4 8 16 transpose debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    onlyArray: flag.boolean({
      default: true,
      no: ['with-offset', 'no-only-array'],
      summary: 'keep offset and voxel size; --with-offset reverses them too',
    }),
  },
  effects: 'pure',
  infer({ inputChunkName: input }) {
    if (input === undefined) return {}
    const { shape, ...type } = input
    const turned = shape === undefined ? {} : { shape: [...shape].reverse() }
    return { outputChunkName: inferredType({ ...type, ...turned }) }
  },
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create: ({ options }) => ({
    run: (task) =>
      task.set(
        options.outputChunkName,
        transposeChunk(chunkOf(task, options.inputChunkName), options.onlyArray),
      ),
  }),
})
