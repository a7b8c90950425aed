import { chunkOf, defineOperator, flag, type PlainArray } from '@chunkflow/sdk'
import { synapsesOf } from '../records.js'
import { segmentLookup } from '../segment-at.js'

export default defineOperator({
  name: 'find-tbar-object',
  summary: 'Look up the segment that each presynapse lies in',
  description:
    'The result is a list of ids in the order of the presynapses, 0 for background and for those outside of the segmentation; save-npy writes it.',
  examples: [
    'create-bbox -s 0 0 0 --size 40 64 64 create-chunk --dtype uint32 -o seg create-chunk --dtype float32 --pattern random detect-pre-synapses -d 5 find-tbar-object --segmentation seg save-npy -i ids -f ids.npy',
  ],
  flags: {
    input: flag.input({ char: 'i', aliases: ['input-name'], kind: 'synapses', default: 'syns' }),
    segmentation: flag.input({ char: 's', aliases: ['segmentation-name'], kind: 'chunk' }),
    output: flag.output({ char: 'o', aliases: ['output-name'], kind: 'array', default: 'ids' }),
  },
  effects: 'pure',
  create: ({ options, logger }) => ({
    run(task) {
      const { pre } = synapsesOf(task, options.input)
      const segmentAt = segmentLookup(chunkOf(task, options.segmentation))
      const data = new BigUint64Array(pre.shape[0]!)
      let outside = 0
      for (let row = 0; row < data.length; row++) {
        const id = segmentAt(
          Number(pre.data[row * 3]),
          Number(pre.data[row * 3 + 1]),
          Number(pre.data[row * 3 + 2]),
        )
        if (id === undefined) outside++
        else data[row] = id
      }
      if (outside > 0)
        logger.warn(`${outside} of ${data.length} presynapses lie outside of the segmentation: id 0`)
      const ids: PlainArray = { shape: [data.length], dtype: 'uint64', data }
      task.set(options.output, ids)
    },
  }),
})
