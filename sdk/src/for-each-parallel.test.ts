import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { forEachParallel } from './for-each-parallel.js'

const test = suite('parallel work')

test('does every item once, so many at a time, each lane one after another', async () => {
  const done: number[] = []
  const busy = new Set<number>()
  let most = 0
  await forEachParallel([5, 6, 7, 8, 9], 2, undefined, async (item, lane) => {
    assert.not.ok(busy.has(lane))
    busy.add(lane)
    most = Math.max(most, busy.size)
    await sleep(item % 3)
    busy.delete(lane)
    done.push(item)
  })
  assert.equal(done.sort(), [5, 6, 7, 8, 9])
  assert.is(most, 2)
})

test('a failure starts nothing new, lets the rest end, and closes what items come from', async () => {
  let closed = false
  async function* items() {
    try {
      for (let item = 0; ; item++) yield item
    } finally {
      closed = true
    }
  }
  const done: number[] = []
  const failure = await forEachParallel(items(), 3, undefined, async (item) => {
    if (item === 4) throw new Error('no more')
    await sleep(5)
    done.push(item)
  }).catch((error: Error) => error.message)
  assert.is(failure, 'no more')
  assert.ok(closed)
  const ended = done.length
  await sleep(20)
  assert.is(done.length, ended)
  assert.not.ok(done.includes(4))
})

test('an abort is an error, before the next item', async () => {
  const stop = new AbortController()
  const done: number[] = []
  const reason = await forEachParallel([1, 2, 3], 1, stop.signal, async (item) => {
    done.push(item)
    if (item === 2) stop.abort(new Error('stopped'))
  }).catch((error: Error) => error.message)
  assert.is(reason, 'stopped')
  assert.equal(done, [1, 2])
})

test('who waits for an item while another lane fails, or the run is stopped, does not begin it', async () => {
  async function* slow() {
    yield 1
    await sleep(10)
    yield 2
  }
  const stop = new AbortController()
  for (const [signal, end] of [
    [undefined, () => Promise.reject(new Error('failed'))],
    [stop.signal, async () => stop.abort(new Error('stopped'))],
  ] as const) {
    const begun: number[] = []
    const reason = await forEachParallel(slow(), 2, signal, async (item) => {
      begun.push(item)
      await end()
    }).catch((error: Error) => error.message)
    assert.match(reason!, /^(failed|stopped)$/)
    assert.equal(begun, [1])
  }
})

test.run()
