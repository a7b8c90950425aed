import { boxOf, chunkflowError, defineOperator, flag, skip } from '@chunkflow/sdk'
import { leaveMark, MARK_SERVICES, markFileName } from '../mark-file.js'

export default defineOperator({
  name: 'skip-none',
  summary: 'Skip tasks whose variable is null',
  examples: ['create-bbox --start 0 0 0 --size 4 8 8 load-h5 -f missing- skip-none --no-touch'],
  flags: {
    inputName: flag.input({ char: 'i', aliases: ['input'], kind: 'any', nullable: true }),
    touch: flag.boolean({ default: true, summary: 'leave an empty mark file' }),
    prefix: flag.text({ char: 'p', summary: 'text before the box in its name; required when touching' }),
    suffix: flag.text({ char: 's', default: '', summary: 'text after the box' }),
  },
  effects: 'read',
  services: MARK_SERVICES,
  infer(_, options) {
    if (options.touch && options.prefix === undefined)
      throw chunkflowError('flag-missing', 'Missing option --prefix: where to leave the mark file', {
        fix: 'give --prefix, or --no-touch',
      })
    return {}
  },
  create({ options, services, globals, logger }) {
    return {
      async run(task) {
        const value = task.get(options.inputName)
        if (value !== null && value !== undefined) return undefined
        if (options.touch) {
          const file = markFileName(options.prefix!, boxOf(task), options.suffix)
          if (globals.dryRun) logger.info(`dry run: would leave the mark ${file}`)
          else await leaveMark(file, services)
        }
        return skip(`"${options.inputName}" is null`)
      },
    }
  },
})
