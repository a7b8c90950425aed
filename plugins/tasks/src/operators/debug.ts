import { defineOperator } from '@chunkflow/sdk'
import { describeVariable } from '../describe-variable.js'

export default defineOperator({
  name: 'debug',
  summary: 'Print every variable of the task',
  examples: ['create-chunk --size 4 8 8 debug'],
  flags: {},
  effects: 'pure',
  outsideDigest: true,
  create: ({ logger }) => ({
    run(task) {
      for (const name of task.names()) logger.result(`${name}: ${describeVariable(task.get(name))}`)
      logger.result(`log: ${JSON.stringify(task.log)}`)
    },
  }),
})
