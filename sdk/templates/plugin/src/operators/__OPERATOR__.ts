import {
  COMPUTE,
  chunkflowError,
  chunkOf,
  createChunk,
  defineOperator,
  emptyChunk,
  flag,
  type VariableType,
} from '@chunkflow/sdk'
import { stretch } from '../kernels/stretch.js'

export default defineOperator({
  name: '__OPERATOR__',
  summary: 'Multiply the intensities of an image, limited to 255',
  examples: ['create-chunk __OPERATOR__ --gain 1.5'],
  flags: {
    input: flag.input({ char: 'i', kind: 'chunk' }),
    output: flag.output({ char: 'o', kind: 'chunk' }),
    gain: flag.number({ char: 'g', default: 2, minimum: 0, summary: 'factor' }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer: ({ input }) => {
    requireBytes(input)
    return input === undefined ? {} : { output: { ...input, layerTypeDeclared: false } }
  },
  // every voxel by itself
  halo: () => [0, 0, 0],
  // the result, one byte a voxel
  estimate: ({ input }) =>
    input?.shape === undefined ? undefined : { bytes: input.shape.reduce((left, right) => left * right, 1) },
  create: ({ options, services: { compute } }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.input)
      requireBytes(chunk)
      const { shape, voxelOffset, voxelSize } = chunk
      const { data } = emptyChunk('uint8', shape)
      await stretch(chunk.data as Uint8Array, data as Uint8Array, options.gain, { compute, signal })
      task.set(options.output, createChunk(data, shape, { voxelOffset, voxelSize }))
    },
  }),
})

/** Refuses other element types: when a chain is planned, as far as they are known, and when it runs. */
function requireBytes(chunk: Pick<VariableType, 'dtype'> | undefined): void {
  if (chunk?.dtype === undefined || chunk.dtype === 'uint8') return
  throw chunkflowError('__OPERATOR__-dtype', `__OPERATOR__ takes uint8, not ${chunk.dtype}`, {
    fix: 'quantize makes bytes of maps',
  })
}
