import { chunkOf, chunkflowError, createChunk, defineOperator, describeChunk, emptyChunk, flag } from '@chunkflow/sdk'
import { stretch } from '../stretch.js'

export default defineOperator({
  name: '__OPERATOR__',
  summary: 'Multiply the intensities of a uint8 chunk, clamped at 255',
  examples: ['create-chunk __OPERATOR__ --gain 1.5'],
  flags: {
    input: flag.input({ char: 'i', kind: 'chunk' }),
    output: flag.output({ char: 'o', kind: 'chunk' }),
    gain: flag.number({ char: 'g', default: 2, minimum: 0, summary: 'factor' }),
  },
  effects: 'pure',
  infer: ({ input }) => (input === undefined ? {} : { output: input }),
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.input)
      if (chunk.dtype !== 'uint8') throw chunkflowError('__OPERATOR__-dtype', `__OPERATOR__ takes uint8, not ${describeChunk(chunk)}`, { fix: 'convert the chunk first' })
      const { shape, voxelOffset, voxelSize } = chunk
      const out = emptyChunk('uint8', shape).data as Uint8Array
      stretch(chunk.data as Uint8Array, out, options.gain)
      task.set(options.output, createChunk(out, shape, { voxelOffset, voxelSize }))
    },
  }),
})
