import { COMPUTE, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { downsampleChunk } from '@chunkflow/sdk/numerics'
import { resized } from '../result-type.js'

export default defineOperator({
  name: 'downsample',
  summary: 'Shrink a chunk: images and maps by average, segmentations by mode',
  examples: ['create-chunk downsample --factor 1 2 2 debug', 'create-chunk --dtype uint32 downsample debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    factor: flag.integers3({
      char: 'f',
      default: [2, 2, 2],
      minimum: 1,
      summary: 'how many voxels become one',
    }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer: ({ inputChunkName: input }, { factor }) =>
    input === undefined
      ? {}
      : {
          outputChunkName: resized(input, (size) =>
            size.map((length, axis) => Math.ceil(length / factor[axis]!)),
          ),
        },
  create: ({ options, services }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.inputChunkName)
      task.set(
        options.outputChunkName,
        await downsampleChunk(chunk, options.factor, { compute: services.compute, signal }),
      )
    },
  }),
})
