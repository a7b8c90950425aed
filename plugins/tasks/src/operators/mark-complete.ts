import { boxOf, defineOperator, FILES, flag } from '@chunkflow/sdk'
import { markFileName } from '../kernels/mark-file.js'

export default defineOperator({
  name: 'mark-complete',
  summary: 'Leave an empty file that says the task is done',
  examples: ['create-bbox --start 0 0 0 --size 4 8 8 mark-complete --prefix ./done- --suffix .txt'],
  flags: {
    prefix: flag.text({ char: 'p', required: true, summary: 'text before the box in the file name' }),
    suffix: flag.text({ char: 's', default: '', summary: 'text after the box' }),
  },
  effects: 'write',
  services: { files: FILES },
  requires: ['bbox'],
  create({ options, services, logger }) {
    return {
      run: (task) => services.files.touch(markFileName(options.prefix, boxOf(task), options.suffix)),
      dryRun: (task) =>
        logger.info(`dry run: would touch ${markFileName(options.prefix, boxOf(task), options.suffix)}`),
    }
  },
})
