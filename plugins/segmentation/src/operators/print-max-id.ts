import { COMPUTE, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'
import { idsOf, requireLabels, requireLabelType } from '../labels.js'

const NAME = 'print-max-id'

export default defineOperator({
  name: NAME,
  summary: 'Print the largest object id',
  examples: ['create-chunk --dtype uint64 print-max-id'],
  flags: { inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }) },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer: ({ inputChunkName }) => {
    requireLabelType(NAME, inputChunkName)
    return {}
  },
  create: ({ options, services, logger }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.inputChunkName)
      requireLabels(NAME, chunk)
      const { ids } = await uniqueLabels(chunk.data, chunk.dtype, { compute: services.compute, signal })
      let largest = 0n
      for (const id of idsOf(ids, chunk)) if (id > largest) largest = id
      logger.result(`maximum object ID: ${largest}`)
    },
  }),
})
