import { COMPUTE, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { fillHoles } from '../kernels/holes.js'
import { requireLabels, requireLabelType } from '../labels.js'

const NAME = 'fill-segmentation-holes'

export default defineOperator({
  name: NAME,
  summary: 'Fill background that an object encloses with its id',
  description:
    'A hole is background that has no way to the border of the chunk, through faces of voxels, without crossing the object. Objects inside a hole stay; where objects lie within each other the innermost one fills the hole.',
  examples: ['create-chunk --dtype uint32 fill-segmentation-holes debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer: ({ inputChunkName }) => {
    requireLabelType(NAME, inputChunkName)
    return inputChunkName === undefined ? {} : { outputChunkName: inputChunkName }
  },
  create: ({ options, services }) => ({
    async run(task, { signal }) {
      const chunk = chunkOf(task, options.inputChunkName)
      requireLabels(NAME, chunk)
      task.set(options.outputChunkName, await fillHoles(chunk, { compute: services.compute, signal }))
    },
  }),
})
