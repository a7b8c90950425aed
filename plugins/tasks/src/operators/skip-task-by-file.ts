import { boxOf, defineOperator, FILES, flag, skip } from '@chunkflow/sdk'
import { markFileName } from '../kernels/mark-file.js'

export default defineOperator({
  name: 'skip-task-by-file',
  aliases: ['skip-task'],
  summary: 'Skip tasks whose result or mark file exists (or is missing, or is empty)',
  examples: [
    'create-bbox --start 0 0 0 --size 4 8 8 skip-task-by-file --prefix ./ --suffix .done mark-complete --prefix ./ --suffix .done',
  ],
  flags: {
    prefix: flag.text({ char: 'p', required: true, summary: 'text before the box in the file name' }),
    suffix: flag.text({ char: 's', default: '', summary: 'text after the box' }),
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
  services: { files: FILES },
  requires: ['bbox'],
  create: ({ options, services }) => ({
    async run(task) {
      const file = markFileName(options.prefix, boxOf(task), options.suffix, options.adjustSize)
      const status = await services.files.status(file)
      const wanted = {
        exist: status !== null,
        missing: status === null,
        empty: status === null || status.bytes === 0,
      }[options.mode]
      return wanted
        ? skip(`${file} ${status === null ? 'is missing' : options.mode === 'empty' ? 'is empty' : 'exists'}`)
        : undefined
    },
  }),
})
