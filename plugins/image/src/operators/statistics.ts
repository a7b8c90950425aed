import { COMPUTE, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { describeValues } from '../kernels/statistics.js'

export default defineOperator({
  name: 'statistics',
  summary: 'Print how many objects a segmentation has and their ids, or the range and mean of an image',
  examples: ['create-chunk --dtype uint32 statistics'],
  flags: { inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }) },
  services: { compute: COMPUTE },
  effects: 'pure',
  create: ({ options, services: { compute }, logger }) => ({
    async run(task, { signal }) {
      logger.result(await describeValues(chunkOf(task, options.inputChunkName), { compute, signal }))
    },
  }),
})
