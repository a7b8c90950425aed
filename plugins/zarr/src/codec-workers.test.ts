import type { Compute, WorkerSession } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lazyCompute } from '../../compute/src/lazy-compute.js'
import { codecWorkers } from './codec-workers.js'
import { WORKER } from './testing/zarr-folder.js'

const test = suite('codec workers')
const NEVER_MS = 2 ** 30
const plain = { shape: [2, 3], dataType: 'uint16', codecs: [{ name: 'bytes' }] } as const

const request = (values: readonly number[]) => ({
  pipeline: plain,
  bytes: new Uint8Array(Uint16Array.from(values).buffer),
  start: [0, 0],
  count: [2, 3],
  target: new SharedArrayBuffer(16),
  offset: 0,
  strides: [1, 2],
})

test('real workers decode and encode, several at once; damaged bytes end none of the others', async () => {
  const compute = lazyCompute(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
  const workers = codecWorkers(compute, WORKER, NEVER_MS)
  const good = Array.from({ length: 12 }, (_, index) => request([1, 2, 3, 4, 5, index]))
  const bad = { ...request([1]), target: new SharedArrayBuffer(16) }
  const results = await Promise.allSettled(
    [...good, bad, ...good.map(({ bytes }) => ({ ...request([]), bytes: bytes.slice() }))].map(
      workers.decode,
    ),
  )
  assert.equal(
    results.map(({ status }) => status === 'fulfilled'),
    [...good.map(() => true), false, ...good.map(() => true)],
  )
  assert.equal([...new Uint16Array(good[7]!.target)], [1, 4, 2, 5, 3, 7, 0, 0])
  const bytes = await workers.encode({ pipeline: plain, source: good[7]!.target, strides: [1, 2] })
  assert.equal([...new Uint16Array(bytes.buffer)], [1, 2, 3, 4, 5, 7])
  await workers.dispose()
  await compute.dispose()
})

/** COMPUTE whose workers count themselves. */
function countedCompute(concurrency: number) {
  const counts = { started: 0, ended: 0 }
  const startWorker = async (): Promise<WorkerSession> => {
    counts.started += 1
    return {
      call: async <T>(_method: string, payload: unknown) => {
        await new Promise((resolve) => setImmediate(resolve))
        if ((payload as { fails?: boolean }).fails) throw new Error('damaged')
        return undefined as T
      },
      close: async () => {
        counts.ended += 1
      },
    }
  }
  return { compute: { concurrency, startWorker } as unknown as Compute, counts }
}

test('no more workers than there are processors, none without work, a failed one is replaced', async () => {
  const { compute, counts } = countedCompute(3)
  const workers = codecWorkers(compute, WORKER, NEVER_MS)
  assert.is(counts.started, 0)
  await Promise.all(Array.from({ length: 9 }, () => workers.decode(request([]))))
  assert.equal(counts, { started: 3, ended: 0 })
  await workers.decode({ ...request([]), fails: true } as never).catch(() => {})
  assert.equal(counts, { started: 3, ended: 1 })
  await Promise.all(Array.from({ length: 9 }, () => workers.decode(request([]))))
  assert.equal(counts, { started: 4, ended: 1 })
  await workers.dispose()
  assert.equal(counts, { started: 4, ended: 4 })
})

test('idle workers are ended', async () => {
  const { compute, counts } = countedCompute(2)
  const workers = codecWorkers(compute, WORKER, 0)
  const alive = setInterval(() => {}, 1000)
  await workers.decode(request([]))
  while (counts.ended < 1) await new Promise((resolve) => setTimeout(resolve, 1))
  clearInterval(alive)
  assert.equal(counts, { started: 1, ended: 1 })
  await workers.dispose()
})

test.run()
