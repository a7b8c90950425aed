import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { watchMemory } from './memory-watch.js'

const test = suite('memory watch')
const MIB = 2 ** 20

/** A watch over given numbers of MiB; `collect` leaves what the second list says. */
function watching(start: number) {
  const state = { resident: start, after: start, collections: 0 }
  const watch = watchMemory({
    residentBytes: () => state.resident * MIB,
    collect: () => {
      state.collections += 1
      state.resident = state.after
    },
    everyMilliseconds: 2 ** 30,
  })
  const at = (resident: number, after = resident): number => {
    Object.assign(state, { resident, after })
    watch.look()
    return state.collections
  }
  return { at, end: () => watch.end() }
}

test('collects when the process has grown by 256 MiB, or by a quarter', () => {
  const { at, end } = watching(100)
  assert.is(at(355), 0)
  assert.is(at(356, 100), 1)
  assert.is(at(355), 1)
  assert.is(at(2100, 2000), 2)
  assert.is(at(2499), 2)
  assert.is(at(2500), 3)
  end()
})

test('counts from the least it saw: memory may go later than it was collected', () => {
  const { at, end } = watching(100)
  assert.is(at(900), 1)
  assert.is(at(200), 1)
  assert.is(at(455), 1)
  assert.is(at(456), 2)
  end()
})

test('collects shared memory that nothing refers to', async () => {
  const bytes = 64 * MIB
  const watch = watchMemory({ everyMilliseconds: 2 ** 30 })
  const before = process.memoryUsage.rss()
  let most = 0
  for (let round = 0; round < 24; round++) {
    new Uint8Array(new SharedArrayBuffer(bytes)).fill(1)
    watch.look()
    most = Math.max(most, process.memoryUsage.rss() - before)
    // what was collected is given back by another thread
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  watch.end()
  assert.ok(most < 12 * bytes, `grew by ${Math.round(most / MIB)} MiB`)
})

test.run()
