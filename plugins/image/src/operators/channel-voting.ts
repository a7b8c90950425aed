import { chunkflowError, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { channelVoting } from '../kernels/channel-voting.js'
import { flatShape } from '../result-type.js'

export default defineOperator({
  name: 'channel-voting',
  summary: 'Label every voxel with its strongest channel, counted from 1',
  examples: [
    'create-chunk --size 36 64 64 inference --framework identity --input-patch-size 20 32 32 --output-patch-overlap 4 8 8 --mask-output-chunk channel-voting debug',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  effects: 'pure',
  halo: () => [0, 0, 0],
  infer({ inputChunkName: input }) {
    if (input?.rank === 3)
      throw chunkflowError('image-dtype', 'channel-voting takes 4-D chunks, not 3-D ones', {
        fix: 'give it the output of a multi-class network',
      })
    return {
      outputChunkName: {
        ...flatShape(input),
        ...({ kind: 'chunk', dtype: 'uint8', rank: 3 } as const),
        ...({ layerType: 'segmentation', layerTypeDeclared: true } as const),
      },
    }
  },
  create: ({ options }) => ({
    run: (task) => task.set(options.outputChunkName, channelVoting(chunkOf(task, options.inputChunkName))),
  }),
})
