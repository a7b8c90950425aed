import { defineWorker } from '@chunkflow/sdk'

/** Stands in for the kernel worker: ends when asked to run. */
export default defineWorker({
  run: ({ call }: { call: { export: string } }) => (call.export === 'crash' ? process.exit(3) : 42),
})
