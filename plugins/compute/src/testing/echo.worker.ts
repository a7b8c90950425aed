import { workerData } from 'node:worker_threads'
import { chunkflowError, defineWorker, withTransfer } from '@chunkflow/sdk'

/** A plugin's worker, for the tests of the pool. */
export default defineWorker({
  shout: (text: string) => text.toUpperCase(),
  fill: (value: number) => {
    const array = new Float32Array(3).fill(value)
    return withTransfer(array, [array.buffer])
  },
  configured: () => workerData as unknown,
  refuse: () => {
    throw chunkflowError('echo-refused', 'No', { where: 'file.h5', fix: 'ask nicely', retryable: true })
  },
  mistake: () => {
    throw new TypeError('not a function')
  },
  unsendable: () => () => 1,
  sum: (shared: Uint8Array) => shared.reduce((left, right) => left + right, 0),
  crash: () => process.exit(3),
})
