import { chunkflowError, defineSource, FILES, flag } from '@chunkflow/sdk'
import { parseLog, summarize, type TaskTimes } from '../kernels/summary.js'

export default defineSource({
  name: 'log-summary',
  summary: 'Summarise the timers of task logs, by compute device',
  examples: [],
  flags: {
    logDir: flag.text({ char: 'l', default: './log', summary: 'folder of log files' }),
    outputSize: flag.integers3({
      char: 's',
      minimum: 1,
      summary: 'size of an output chunk, to compute speeds',
    }),
  },
  effects: 'read',
  services: { files: FILES },
  create: ({ options, services: { files }, logger }) => ({
    async *tasks() {
      const logs: TaskTimes[] = []
      for (const name of await files.list(options.logDir)) {
        const path = `${options.logDir.replace(/\/$/, '')}/${name}`
        if ((await files.status(path))?.kind !== 'file') continue
        const log = parseLog(Buffer.from(await files.read(path)).toString('utf8'))
        if (log !== undefined) logs.push(log)
      }
      if (logs.length === 0)
        throw chunkflowError('log-invalid', `No task logs in ${options.logDir}`, {
          fix: 'save-precomputed --upload-log writes them',
        })
      for (const line of summarize(logs, options.outputSize)) logger.result(line)
      yield {}
    },
  }),
})
