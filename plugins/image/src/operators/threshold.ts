import { chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { thresholdChunk } from '@chunkflow/sdk/numerics'

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
  infer: () => ({ outputChunkName: { kind: 'chunk', dtype: 'uint8', rank: 3, layerType: 'segmentation' } }),
  create({ options }) {
    return {
      run(task) {
        task.set(
          options.outputChunkName,
          thresholdChunk(chunkOf(task, options.inputChunkName), options.threshold),
        )
      },
    }
  },
})
