import { BLOCK_CACHE, boxOf, defineOperator, ENCODINGS, flag, formatBox, STORE, skip } from '@chunkflow/sdk'
import { anonymousPath } from '@chunkflow/sdk/storage'
import { createPrecomputedFormat } from '../volume/format.js'
import { openOnce } from '../volume/open-once.js'
import { readLog } from '../volume/task-log.js'

export default defineOperator({
  name: 'skip-task-by-blocks-in-volume',
  summary: 'Skip the task when all blocks of its box are stored in a volume',
  description: `For resuming a run. The task's box, clipped to the volume, must consist of whole blocks. Blocks of zeros are never stored: a task with
such a block is skipped only with --logged, when the volume's log has its box (save-precomputed --upload-log).`,
  examples: [
    'generate-tasks -c 64 64 64 create-chunk save-precomputed -v volume skip-task-by-blocks-in-volume -v volume',
  ],
  flags: {
    volumePath: flag.text({ char: 'v', required: true, summary: 'volume to look into' }),
    mip: flag.integer({ char: 'm', default: 0, minimum: 0, summary: 'scale to look at' }),
    logged: flag.boolean({ summary: 'also skip tasks that the log of the volume names' }),
    useHttps: flag.boolean({ no: 'use-credential', summary: 'read a public bucket without credentials' }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE },
  effects: 'read',
  requires: ['bbox'],
  create({ options, services }) {
    const path = options.useHttps ? anonymousPath(options.volumePath) : options.volumePath
    const open = openOnce(createPrecomputedFormat(services), path)
    return {
      async run(task) {
        const box = boxOf(task)
        const volume = await open()
        if (options.logged && (await readLog(volume, box, options.mip)) !== null)
          return skip(`the log of ${path} names ${formatBox(box)}`)
        if (await volume.hasAllBlocks(box, options.mip))
          return skip(`all blocks of ${formatBox(box)} are in ${path}`)
        return undefined
      },
    }
  },
})
