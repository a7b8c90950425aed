import { chunkflowError, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { thresholdChunk } from '@chunkflow/sdk/numerics'
import { flatShape, resultBytes } from '../result-type.js'

export default defineOperator({
  name: 'threshold',
  summary: 'Binarise a map: 1 where the value exceeds the threshold',
  examples: ['create-chunk --dtype float32 threshold --threshold 0.5'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    threshold: flag.number({ char: 't', default: 0.5, summary: 'voxels strictly above it become 1' }),
  },
  effects: 'pure',
  timed: true,
  halo: () => [0, 0, 0],
  infer({ inputChunkName: input }) {
    if (input?.shape?.length === 4 && input.shape[0] !== 1)
      throw chunkflowError('shape-mismatch', `threshold takes one channel, not ${input.shape[0]}`, {
        fix: 'quantize or channel-voting turn several channels into one',
      })
    return {
      outputChunkName: {
        ...flatShape(input),
        ...({ kind: 'chunk', dtype: 'uint8', rank: 3 } as const),
        ...({ layerType: 'segmentation', layerTypeDeclared: true } as const),
      },
    }
  },
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName, 'uint8'),
  create: ({ options }) => ({
    run: (task) =>
      task.set(
        options.outputChunkName,
        thresholdChunk(chunkOf(task, options.inputChunkName), options.threshold),
      ),
  }),
})
