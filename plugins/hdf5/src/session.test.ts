import type { Compute, WorkerSession } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hdf5Worker } from './session.js'

const test = suite('session')
const entry = new URL('file:///hdf5.worker.js')
const NEVER_MS = 2 ** 30

/** COMPUTE whose workers answer with their number, and say when they end. */
function countedWorkers() {
  let started = 0
  const ended: number[] = []
  let tell = (): void => {}
  const startWorker = async (): Promise<WorkerSession> => {
    const number = ++started
    return {
      call: async <T>() => number as T,
      close: async () => {
        ended.push(number)
        tell()
      },
    }
  }
  return {
    compute: { startWorker } as unknown as Compute,
    ended,
    nextEnd: () =>
      new Promise<void>((resolve) => {
        tell = resolve
      }),
  }
}
const ask = (session: WorkerSession): Promise<number> => session.call<number>('which')

test('uses one after another share a worker', async () => {
  const { compute, ended } = countedWorkers()
  const worker = hdf5Worker(compute, entry, NEVER_MS)
  assert.equal(await Promise.all([worker.use(ask), worker.use(ask)]), [1, 1])
  assert.is(await worker.use(ask), 1)
  assert.equal(ended, [])
  await worker.dispose()
  assert.equal(ended, [1])
})

test('an idle worker is ended, and another started when needed', async () => {
  const { compute, ended, nextEnd } = countedWorkers()
  const worker = hdf5Worker(compute, entry, 0)
  // the wait of an idle worker does not keep the process alive
  const alive = setInterval(() => {}, 1000)
  const end = nextEnd()
  assert.is(await worker.use(ask), 1)
  await end
  const second = nextEnd()
  assert.is(await worker.use(ask), 2)
  await second
  clearInterval(alive)
  await worker.dispose()
  assert.equal(ended, [1, 2])
})

test('a worker is never ended while it works', async () => {
  const { compute, ended } = countedWorkers()
  const worker = hdf5Worker(compute, entry, 0)
  const first = worker.use(ask)
  // longer than it may be idle
  const long = worker.use(async (session) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(ended, [])
    return ask(session)
  })
  assert.equal(await Promise.all([first, long]), [1, 1])
  await worker.dispose()
})

test('a failed use ends its worker', async () => {
  const { compute, ended } = countedWorkers()
  const worker = hdf5Worker(compute, entry, NEVER_MS)
  const failed = worker.use(async () => {
    throw new Error('damaged')
  })
  const next = worker.use(ask)
  try {
    await failed
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'damaged')
  }
  assert.is(await next, 2)
  assert.equal(ended, [1])
  await worker.dispose()
  assert.equal(ended, [1, 2])
})

test.run()
