import { chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { keepPost } from '../keep.js'
import { worthKeeping } from '../kernels/redundant-post.js'
import { synapsesOf } from '../records.js'
import { segmentLookup } from '../segment-at.js'

export default defineOperator({
  name: 'detect-duplicate-post',
  summary: 'Remove postsynapses that are too far away, too many or doubled',
  description:
    'Of each presynapse the postsynapses of the least distance / confidence stay, up to a number and a distance. With a segmentation, of those near each other in one segment the nearest to its presynapse stays. Distances are voxels.',
  examples: [
    'create-bbox -s 0 0 0 --size 40 64 64 create-chunk --dtype float32 --pattern random detect-pre-synapses -d 5 detect-duplicate-post debug',
  ],
  flags: {
    input: flag.input({ char: 'i', aliases: ['input-name'], kind: 'synapses', default: 'syns' }),
    segmentation: flag.input({ char: 's', aliases: ['segmentation-name'], kind: 'chunk', optional: true }),
    output: flag.output({ char: 'o', aliases: ['output-name'], kind: 'synapses', default: 'syns' }),
    maximumPosts: flag.integer({
      char: 'm',
      default: 15,
      minimum: 0,
      summary: 'postsynapses of a presynapse',
    }),
    maximumDistance: flag.number({ default: 50, minimum: 0, summary: 'voxels to the presynapse' }),
    duplicateDistance: flag.number({
      default: 10,
      minimum: 0,
      summary: 'voxels between postsynapses in one segment that count as the same',
    }),
  },
  effects: 'pure',
  create: ({ options, logger }) => ({
    run(task) {
      const synapses = synapsesOf(task, options.input)
      const { post } = synapses
      if (post === null) {
        task.set(options.output, synapses)
        return
      }
      const lookup =
        options.segmentation === undefined ? undefined : segmentLookup(chunkOf(task, options.segmentation))
      const keep = worthKeeping({ ...synapses, post }, options, lookup)
      const dropped = keep.filter((kept) => !kept).length
      logger.info(`${dropped} of ${keep.length} postsynapses are redundant`)
      task.set(options.output, keepPost(synapses, keep))
    },
  }),
})
