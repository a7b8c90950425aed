import { adjustBox, boxOf, defineOperator, flag, formatBox } from '@chunkflow/sdk'

export default defineOperator({
  name: 'adjust-bbox',
  summary: "Move the corners of the task's bounding box",
  examples: ['create-bbox --start 0 0 0 --size 16 64 64 adjust-bbox --corner-offset -1 -4 -4 1 4 4 debug'],
  flags: {
    cornerOffset: flag.integers6({
      char: 'c',
      required: true,
      summary: 'added to start (first three) and stop (last three)',
    }),
  },
  effects: 'pure',
  requires: ['bbox'],
  sets: ['bbox'],
  create: ({ options, logger }) => ({
    run(task) {
      const box = adjustBox(boxOf(task), options.cornerOffset)
      task.set('bbox', box)
      logger.info(`bounding box ${formatBox(box)}`)
    },
  }),
})
