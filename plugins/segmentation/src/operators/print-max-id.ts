import { COMPUTE, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'

export default defineOperator({
  name: 'print-max-id',
  summary: 'Print the largest object id',
  examples: ['create-chunk --dtype uint64 print-max-id'],
  flags: { inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }) },
  services: { compute: COMPUTE },
  effects: 'pure',
  create: ({ options, services, logger }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.inputChunkName)
      const { ids } = await uniqueLabels(chunk.data, chunk.dtype, { compute: services.compute, signal })
      logger.result(`maximum id: ${ids.at(-1) ?? 0n}`)
    },
  }),
})
