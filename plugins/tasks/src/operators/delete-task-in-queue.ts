import { chunkflowError, defineOperator } from '@chunkflow/sdk'

export default defineOperator({
  name: 'delete-task-in-queue',
  summary: 'Remove the finished task from its queue',
  examples: [],
  flags: {},
  effects: 'write',
  acknowledges: true,
  create: ({ logger }) => ({
    async run({ lease, log }) {
      if (lease === undefined)
        throw chunkflowError('queue-failed', 'The task does not come from a queue', {
          fix: 'start the chain with fetch-task',
        })
      await lease.acknowledge()
      logger.info(`deleted task ${log.bbox ?? ''} in the queue`)
    },
    dryRun: ({ log }) => logger.info(`dry run: would delete task ${log.bbox ?? ''} in its queue`),
  }),
})
