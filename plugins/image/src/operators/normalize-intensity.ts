import {
  chunkflowError,
  chunkOf,
  createChunk,
  defineOperator,
  describeChunk,
  emptyChunk,
  flag,
} from '@chunkflow/sdk'

export default defineOperator({
  name: 'normalize-intensity',
  summary: 'Map uint8 intensities to float32 in [-1, 1]',
  examples: ['create-chunk normalize-intensity debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  effects: 'pure',
  timed: true,
  infer: ({ inputChunkName }) => {
    if (inputChunkName?.dtype !== undefined && inputChunkName.dtype !== 'uint8')
      throw chunkflowError('image-dtype', `normalize-intensity takes uint8, not ${inputChunkName.dtype}`, {
        fix: 'give it the raw image',
      })
    const { rank, shape } = inputChunkName ?? {}
    return {
      outputChunkName: {
        kind: 'chunk',
        dtype: 'float32',
        ...(rank === undefined ? {} : { rank }),
        ...(shape === undefined ? {} : { shape }),
      },
    }
  },
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      if (chunk.dtype !== 'uint8')
        throw chunkflowError('image-dtype', `normalize-intensity takes uint8, not ${describeChunk(chunk)}`, {
          fix: 'give it the raw image',
        })
      const { voxelOffset, voxelSize, shape } = chunk
      const out = emptyChunk('float32', shape).data as Float32Array
      const table = Float32Array.from({ length: 256 }, (_, value) => value / 127.5 - 1)
      const from = chunk.data as Uint8Array
      for (let index = 0; index < out.length; index++) out[index] = table[from[index]!]!
      task.set(options.outputChunkName, createChunk(out, shape, { voxelOffset, voxelSize }))
    },
  }),
})
