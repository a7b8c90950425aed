import type { Compute, WorkerSession } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createCrew } from './crew.js'

const test = suite('crew')

/** Two workers at most; each ends at the method `crash` and answers no more. */
function workers() {
  const closed: number[] = []
  let started = 0
  const startWorker = async (): Promise<WorkerSession> => {
    const number = started++
    let ended = false
    return {
      async call<T>(method: string): Promise<T> {
        ended ||= method === 'crash'
        if (ended) throw new Error(`worker ${number} ended`)
        return number as T
      },
      close: async () => void closed.push(number),
    }
  }
  const crew = createCrew(
    { concurrency: 2, startWorker } as Partial<Compute> as Compute,
    new URL('file:///w'),
  )
  return { crew, closed }
}

test('lanes share workers, which are started once', async () => {
  const { crew, closed } = workers()
  const numbers = [0, 1, 2, 3, 0].map((lane) => crew.call<number>(lane, 'build', {}))
  assert.equal(await Promise.all(numbers), [0, 1, 0, 1, 0])
  await crew.close()
  assert.equal(closed, [0, 1])
})

test('after a failure the next task has another worker, and the old one is closed', async () => {
  const { crew, closed } = workers()
  assert.is(await crew.call(0, 'build', {}), 0)
  assert.is(await crew.call(0, 'crash', {}).catch((error: Error) => error.message), 'worker 0 ended')
  assert.equal(closed, [0])
  assert.is(await crew.call(0, 'build', {}), 1)
  await crew.close()
  assert.equal(closed, [0, 1])
})

test.run()
