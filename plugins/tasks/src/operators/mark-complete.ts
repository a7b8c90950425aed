import { boxOf, defineOperator, type Task } from '@chunkflow/sdk'
import { leaveMark, MARK_FLAGS, MARK_SERVICES, markFileName } from '../mark-file.js'

export default defineOperator({
  name: 'mark-complete',
  summary: 'Leave an empty file that says the task is done',
  examples: ['create-bbox --start 0 0 0 --size 4 8 8 mark-complete --prefix ./done- --suffix .txt'],
  flags: MARK_FLAGS,
  effects: 'write',
  services: MARK_SERVICES,
  requires: ['bbox'],
  create({ options, services, logger }) {
    const nameFor = (task: Task): string => markFileName(options.prefix, boxOf(task), options.suffix)
    return {
      run: (task) => leaveMark(nameFor(task), services),
      dryRun: (task) => logger.info(`dry run: would leave the mark ${nameFor(task)}`),
    }
  },
})
