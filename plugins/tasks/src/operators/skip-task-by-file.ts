import { boxOf, defineOperator, flag, skip } from '@chunkflow/sdk'
import { MARK_FLAGS, MARK_SERVICES, markFileName, markSize } from '../mark-file.js'

export default defineOperator({
  name: 'skip-task-by-file',
  aliases: ['skip-task'],
  summary: 'Skip tasks whose result or mark file exists (or is missing, or is empty)',
  examples: [
    'create-bbox --start 0 0 0 --size 4 8 8 skip-task-by-file --prefix ./ --suffix .done mark-complete --prefix ./ --suffix .done',
  ],
  flags: {
    ...MARK_FLAGS,
    mode: flag.text({
      char: 'm',
      choices: ['missing', 'empty', 'exist'],
      default: 'exist',
      summary: 'skip when the file is so',
    }),
    adjustSize: flag.integer({
      char: 'a',
      default: 0,
      summary: 'grow the box by this on all sides, for the name only',
    }),
  },
  effects: 'read',
  services: MARK_SERVICES,
  requires: ['bbox'],
  create: ({ options, services }) => ({
    async run(task) {
      const file = markFileName(options.prefix, boxOf(task), options.suffix, options.adjustSize)
      const bytes = await markSize(file, services)
      const skipped = {
        exist: bytes !== null,
        missing: bytes === null,
        empty: bytes === null || bytes === 0,
      }[options.mode]
      const state = bytes === null ? 'is missing' : options.mode === 'empty' ? 'is empty' : 'exists'
      return skipped ? skip(`${file} ${state}`) : undefined
    },
  }),
})
