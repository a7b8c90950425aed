import { COMPUTE, chunkOf, createChunk, defineOperator, flag } from '@chunkflow/sdk'
import { addBase, renumber } from '../kernels/renumber.js'
import { requireLabels, requireLabelType } from '../labels.js'

const NAME = 'remap-segmentation'

export default defineOperator({
  name: NAME,
  summary: 'Number objects without gaps, from one chunk to the next',
  description:
    'The objects of the first chunk become 1, 2, … in the order of their first voxels; those of every further chunk go on behind the largest number so far, so that no two chunks share an id. 0 stays 0. Workers that run side by side each begin with 1.',
  examples: ['create-chunk --dtype uint32 remap-segmentation print-max-id'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer: ({ inputChunkName: input }) => {
    requireLabelType(NAME, input)
    return {
      outputChunkName: {
        kind: 'chunk',
        dtype: 'uint64',
        rank: 3,
        ...(input?.shape === undefined ? {} : { shape: input.shape }),
        layerType: 'segmentation',
        layerTypeDeclared: true,
      },
    }
  },
  create({ options, services: { compute } }) {
    let largest = 0n
    return {
      async run(task, { signal }) {
        const chunk = chunkOf(task, options.inputChunkName)
        requireLabels(NAME, chunk)
        const { labels, count } = await renumber(chunk.data, chunk.dtype, { compute, signal })
        const data = await addBase(labels, largest, { compute, signal })
        largest += BigInt(count)
        const { shape, voxelOffset, voxelSize } = chunk
        task.set(
          options.outputChunkName,
          createChunk(data, shape, { voxelOffset, voxelSize, layerType: 'segmentation' }),
        )
      },
    }
  },
})
