import { chunkOf, cloneChunk, defineOperator, flag } from '@chunkflow/sdk'

export default defineOperator({
  name: 'double',
  aliases: ['twice'],
  summary: 'Double every voxel of a uint8 chunk',
  examples: ['create-chunk double'],
  flags: {
    input: flag.input({ char: 'i', kind: 'chunk' }),
    output: flag.output({ char: 'o', kind: 'chunk' }),
    times: flag.integer({ char: 't', default: 1, minimum: 1, summary: 'how often' }),
  },
  effects: 'pure',
  create: ({ options }) => ({
    run(task) {
      const result = cloneChunk(chunkOf(task, options.input))
      for (let index = 0; index < result.data.length; index++)
        result.data[index] = Number(result.data[index]) * 2 ** options.times
      task.set(options.output, result)
    },
  }),
})
