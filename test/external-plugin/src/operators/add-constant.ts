import { COMPUTE, chunkflowError, chunkOf, cloneChunk, defineOperator, flag } from '@chunkflow/sdk'
import base64 from '../kernels/add.wasm.js'

export default defineOperator({
  name: 'add-constant',
  summary: 'Add a constant to every voxel of a uint8 chunk, wrapping at 256',
  examples: ['create-chunk add-constant --amount 3'],
  flags: {
    input: flag.input({ char: 'i', kind: 'chunk' }),
    output: flag.output({ char: 'o', kind: 'chunk' }),
    amount: flag.integer({ char: 'a', required: true, minimum: 0, maximum: 255, summary: 'what is added' }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  create: ({ options, services }) => ({
    async run(task) {
      const chunk = chunkOf(task, options.input)
      if (chunk.dtype !== 'uint8')
        throw chunkflowError('add-constant-dtype', `add-constant takes uint8, not ${chunk.dtype}`, {
          fix: 'convert it first',
        })
      const result = cloneChunk(chunk)
      await services.compute.run(
        { name: 'add', base64 },
        { export: 'add', args: [{ inout: result.data }, result.data.length, options.amount] },
      )
      task.set(options.output, result)
    },
  }),
})
