import { fileURLToPath } from 'node:url'
import { isChunkflowError, type WasmKernel } from '@chunkflow/sdk'
import { inlineCompute } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPool } from './pool.js'
import base64 from './testing/probe.wasm.js'

const test = suite('pool')
const kernel: WasmKernel = { name: 'probe', base64 }
const entry = new URL('./kernel.worker.ts', import.meta.url)
const pool = createPool(entry, 2)
test.after(() => pool.dispose())

const fails = async (action: Promise<unknown>, code: string): Promise<void> => {
  try {
    await action
  } catch (error) {
    assert.is(isChunkflowError(error) ? error.code : String(error), code)
    return
  }
  assert.unreachable(`expected ${code}`)
}

test('gives the same results as a call in place, on shared and on plain memory', async () => {
  for (const compute of [pool, inlineCompute()]) {
    const shared = new Uint32Array(new SharedArrayBuffer(20)).fill(7)
    const plain = new Uint32Array([1, 2, 3, 4, 5])
    const out = new Uint32Array(5)
    const total = await compute.run(kernel, {
      export: 'addTo',
      args: [{ in: plain }, { inout: shared }, { out }, 5],
    })
    assert.is(total, 50)
    assert.equal([...shared], [8, 9, 10, 11, 12])
    assert.equal([...out], [1, 4, 9, 16, 25])
  }
})

test('a session keeps its regions, another one has its own', async () => {
  const [first, second] = await Promise.all([pool.open(kernel), pool.open(kernel)])
  for (const amount of [1, 10])
    await first.call({ export: 'accumulate', args: [{ keep: 'sum', bytes: 16 }, amount] })
  await second.call({ export: 'accumulate', args: [{ keep: 'sum', bytes: 16 }, 5] })
  const value = new Uint32Array(1)
  await first.readKept('sum', 0, value)
  assert.is(value[0], 11)
  await second.readKept('sum', 0, value)
  assert.is(value[0], 5)
  await Promise.all([first.close(), second.close()])
})

test('more jobs than workers all finish', async () => {
  const jobs = Array.from({ length: 9 }, (_, index) => {
    const out = new Uint32Array(1)
    return pool
      .run(kernel, {
        export: 'addTo',
        args: [{ in: new Uint32Array([index]) }, { inout: new Uint32Array(1) }, { out }, 1],
      })
      .then(() => out[0])
  })
  assert.equal(await Promise.all(jobs), [0, 1, 4, 9, 16, 25, 36, 49, 64])
})

test('a trap is an error and the pool goes on', async () => {
  await fails(pool.run(kernel, { export: 'trap', args: [] }), 'compute-kernel-failed')
  assert.is(
    await pool.run(kernel, {
      export: 'addTo',
      args: [{ in: new Uint32Array(1) }, { inout: new Uint32Array([3]) }, { out: new Uint32Array(1) }, 1],
    }),
    3,
  )
})

test('an abort ends work that would never end', async () => {
  const controller = new AbortController()
  const job = pool.run(kernel, { export: 'spin', args: [] }, { signal: controller.signal })
  setTimeout(() => controller.abort(), 20)
  await fails(job, 'run-interrupted')
  assert.is(
    await pool.run(kernel, {
      export: 'addTo',
      args: [{ in: new Uint32Array(1) }, { inout: new Uint32Array([4]) }, { out: new Uint32Array(1) }, 1],
    }),
    4,
  )
})

test('runs the worker of a plugin, and reports its crash', async () => {
  const worker = await pool.startWorker(new URL('./testing/echo.worker.ts', import.meta.url))
  assert.is(await worker.call('shout', 'hello'), 'HELLO')
  const moved = await worker.call<Float32Array>('fill', 3)
  assert.equal([...moved], [3, 3, 3])
  await fails(worker.call('refuse'), 'echo-refused')
  await fails(worker.call('crash'), 'compute-worker-crashed')
  await worker.close()
})

test('the worker entry exists where the plugin says', () => {
  assert.match(fileURLToPath(entry), 'kernel.worker.ts')
})

test.run()
