import { boxOf, chunkflowError, defineOperator, FILES, flag, skip } from '@chunkflow/sdk'
import { markFileName } from '../kernels/mark-file.js'

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
  services: { files: FILES },
  create({ options, services, globals, logger }) {
    if (options.touch && options.prefix === undefined)
      throw chunkflowError('flag-missing', 'Missing option --prefix: where to leave the mark file', {
        fix: 'give --prefix, or --no-touch',
      })
    return {
      async run(task) {
        const value = task.get(options.inputName)
        if (value !== null && value !== undefined) return undefined
        if (options.touch) {
          const file = markFileName(options.prefix!, boxOf(task), options.suffix)
          if (globals.dryRun) logger.info(`dry run: would touch ${file}`)
          else await services.files.touch(file)
        }
        return skip(`"${options.inputName}" is null`)
      },
    }
  },
})
