import type { Compute, KernelSession, WasmKernel } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { keepSessions } from './kept-sessions.js'

const test = suite('kept sessions')
const kernel = (name: string): WasmKernel => ({ name, base64: name })
const WORK = { export: 'work', args: [] }

/** COMPUTE that names its sessions; the export `trap` fails. */
function namedSessions() {
  const opened: string[] = []
  const closed: string[] = []
  const open = async ({ name }: WasmKernel): Promise<KernelSession> => {
    const own = `${name}${opened.length}`
    opened.push(own)
    return {
      call: async ({ export: wanted }) => {
        if (wanted === 'trap') throw new Error('unreachable')
        return opened.indexOf(own)
      },
      readKept: async () => {},
      keptView: async () => new Uint8Array(0),
      close: async () => void closed.push(own),
    }
  }
  return { compute: { concurrency: 8, open } as unknown as Compute, opened, closed }
}

test('a closed session serves the next one who opens that kernel', async () => {
  const { compute, opened, closed } = namedSessions()
  const kept = keepSessions(compute)
  for (let round = 0; round < 3; round++) {
    const session = await kept.open(kernel('a'))
    assert.is(await session.call(WORK), 0)
    await session.close()
  }
  const [first, second] = await Promise.all([kept.open(kernel('a')), kept.open(kernel('a'))])
  const other = await kept.open(kernel('b'))
  assert.equal(opened, ['a0', 'a1', 'b2'])
  await Promise.all([first.close(), other.close()])
  assert.equal(closed, [])
  await kept.dispose()
  assert.equal(closed, ['a0', 'b2'])
  // one that is still at work when the page ends
  await second.close()
  assert.equal(closed, ['a0', 'b2', 'a1'])
})

test('a session that failed, or that may be stopped, is not kept', async () => {
  const { compute, opened, closed } = namedSessions()
  const kept = keepSessions(compute)
  const failing = await kept.open(kernel('a'))
  const error = await failing.call({ export: 'trap', args: [] }).catch((cause: Error) => cause.message)
  assert.is(error, 'unreachable')
  await failing.close()
  assert.equal(closed, ['a0'])
  const stoppable = await kept.open(kernel('a'), { signal: new AbortController().signal })
  await stoppable.close()
  assert.equal(closed, ['a0', 'a1'])
  await (await kept.open(kernel('a'))).close()
  assert.equal(opened, ['a0', 'a1', 'a2'])
  await kept.dispose()
})

test('one block takes one session', () => {
  assert.is(keepSessions(namedSessions().compute).concurrency, 1)
})

test.run()
