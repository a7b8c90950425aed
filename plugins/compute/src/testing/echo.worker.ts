import { chunkflowError, defineWorker, withTransfer } from '@chunkflow/sdk'

/** A plugin's worker, for the tests of the pool. */
export default defineWorker({
  shout: (text: string) => text.toUpperCase(),
  fill: (value: number) => {
    const array = new Float32Array(3).fill(value)
    return withTransfer(array, [array.buffer])
  },
  refuse: () => {
    throw chunkflowError('echo-refused', 'No')
  },
  crash: () => process.exit(3),
})
