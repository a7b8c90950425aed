import { COMPUTE, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { BORDERS } from '../kernels/border.js'
import { medianFilter, medianHalo } from '../kernels/median.js'
import { resultBytes } from '../result-type.js'

export default defineOperator({
  name: 'median-filter',
  summary: 'Replace every voxel by the median of the box around it',
  description:
    'Removes damaged sections and specks without blurring edges. Beyond its ends a chunk goes on mirrored with the edge voxel repeated (reflect) or not (mirror), with the edge voxel (nearest), from the other end (wrap), or with zeros (constant).',
  examples: [
    'create-chunk median-filter debug',
    'create-chunk median-filter --size 1 3 3 --mode nearest debug',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    size: flag.integers3({
      char: 's',
      default: [3, 1, 1],
      minimum: 1,
      summary: 'size of the box in voxels',
    }),
    mode: flag.text({ choices: BORDERS, default: 'reflect', summary: 'what lies beyond the ends' }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer: ({ inputChunkName: input }) => (input === undefined ? {} : { outputChunkName: input }),
  halo: ({ size, mode }) => medianHalo(size, mode),
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create: ({ options, services: { compute } }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.inputChunkName)
      task.set(
        options.outputChunkName,
        await medianFilter(chunk, options.size, options.mode, { compute, signal }),
      )
    },
  }),
})
