import { boxOf, chunkBox, chunkOf, defineOperator, flag, skip } from '@chunkflow/sdk'
import { isAllZero } from '../kernels/all-zero.js'
import { leaveMark, MARK_SERVICES, markFileName, markSize } from '../mark-file.js'

export default defineOperator({
  name: 'skip-all-zero',
  summary: 'Skip tasks whose chunk is all zero',
  examples: ['create-chunk --pattern zero skip-all-zero save-h5 -f never.h5'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    prefix: flag.text({ char: 'p', summary: 'leave an empty mark file with this text before the box' }),
    suffix: flag.text({ char: 's', default: '', summary: 'text after the box in the name of the mark file' }),
    adjustSize: flag.integer({
      char: 'a',
      default: 0,
      summary: 'grow the box by this on all sides, for the name only',
    }),
    chunkBbox: flag.boolean({
      default: true,
      no: 'task-bbox',
      summary: "name the mark by the chunk's box; --task-bbox by the task's",
    }),
  },
  effects: 'read',
  services: MARK_SERVICES,
  create({ options, services, globals, logger }) {
    return {
      async run(task) {
        const chunk = chunkOf(task, options.inputChunkName)
        if (!isAllZero(chunk)) return undefined
        if (options.prefix !== undefined) {
          const file = markFileName(
            options.prefix,
            options.chunkBbox ? chunkBox(chunk) : boxOf(task),
            options.suffix,
            options.adjustSize,
          )
          if (globals.dryRun) logger.info(`dry run: would leave the mark ${file}`)
          else if ((await markSize(file, services)) === null) await leaveMark(file, services)
        }
        return skip(`"${options.inputChunkName}" is all zero`)
      },
    }
  },
})
