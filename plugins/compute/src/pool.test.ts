import type { Compute, KernelCall, WasmKernel } from '@chunkflow/sdk'
import { codeOf, errorOf, inlineCompute } from '@chunkflow/sdk/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPool } from './pool.js'
import base64 from './testing/probe.wasm.js'
import sharedProbe from './testing/shared-probe.wasm.js'

const test = suite('pool')
const kernel: WasmKernel = { name: 'probe', base64 }
const entry = new URL('./kernel.worker.ts', import.meta.url)
const pool = createPool(entry, 2)
const inline = inlineCompute()
test.after(() => pool.dispose())

const fails = async (action: Promise<unknown>, code: string): Promise<void> =>
  assert.is(await codeOf(action), code)

/** What a call answers and leaves in its views. */
async function addTo(compute: Compute, source: Uint32Array, target: Uint32Array, signal?: AbortSignal) {
  const out = new Uint32Array(source.length)
  const total = await compute.run(
    kernel,
    { export: 'addTo', args: [{ in: source }, { inout: target }, { out }, source.length] },
    signal === undefined ? {} : { signal },
  )
  return { total: Number(total) >>> 0, target: [...target], out: [...out] }
}
/** One plus three, on any worker. */
const works = async (compute: Compute): Promise<void> =>
  assert.is((await addTo(compute, new Uint32Array([1]), new Uint32Array([3]))).total, 4)

test('calls a kernel with views of shared and of plain memory', async () => {
  const shared = new Uint32Array(new SharedArrayBuffer(28), 4, 5).fill(7)
  assert.equal(await addTo(pool, new Uint32Array([1, 2, 3, 4, 5]), shared), {
    total: 50,
    target: [8, 9, 10, 11, 12],
    out: [1, 4, 9, 16, 25],
  })
})

test('gives the same results as a call in place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 60 }),
      fc.boolean(),
      async (pairs, onSharedMemory) => {
        const source = Uint32Array.from(pairs, ([value]) => value)
        const target = (): Uint32Array => {
          const array = new Uint32Array(
            onSharedMemory ? new SharedArrayBuffer(4 * pairs.length) : new ArrayBuffer(4 * pairs.length),
          )
          array.set(pairs.map(([, value]) => value))
          return array
        }
        assert.equal(await addTo(pool, source, target()), await addTo(inline, source, target()))
      },
    ),
    { numRuns: 25 },
  )
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

test('a region of shared memory is seen where the session was opened, and stays after it', async () => {
  const sharedKernel = { name: 'shared-probe', base64: sharedProbe, sharedMemory: true } as const
  const region = { keep: 'values', bytes: 12 }
  const add = (amount: number, count: number): KernelCall => ({
    export: 'addToAll',
    args: [region, amount, count],
  })
  for (const compute of [pool, inline]) {
    const session = await compute.open(sharedKernel)
    await session.call(add(7, 3))
    const view = await session.keptView('values')
    const values = new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4)
    assert.equal([...values], [7, 7, 7])
    // the kernel's memory grows, the view stays on it
    await session.call({
      export: 'addToAll',
      args: [{ keep: 'more', bytes: 1 << 20 }, 1, 1 << 18],
    })
    await session.call(add(2, 2))
    await session.close()
    assert.equal([...values], [9, 9, 7])
  }
})

test('memory that is not shared is not given out', async () => {
  const session = await pool.open(kernel)
  await session.call({ export: 'accumulate', args: [{ keep: 'sum', bytes: 16 }, 5] })
  assert.match(String(await session.keptView('sum').catch(String)), 'shared memory')
  assert.match(String(await session.keptView('none').catch(String)), 'no such kept region')
  await session.close()
})

test('a region named late is zero where others were used before', async () => {
  for (const compute of [pool, inline]) {
    const session = await compute.open(kernel)
    const dirt = new Uint32Array(64).fill(5)
    await session.call({ export: 'addTo', args: [{ in: dirt }, { inout: dirt }, { scratch: 256 }, 64] })
    const late = new Uint32Array(64).fill(1)
    await session.call({ export: 'accumulate', args: [{ keep: 'late', bytes: 256 }, 3] })
    await session.readKept('late', 0, late)
    assert.equal([...late], [3, ...new Array(63).fill(0)])
    await session.close()
  }
})

test('an instance never sees what another one left', async () => {
  for (let round = 0; round < 3; round++) {
    const session = await pool.open(kernel)
    await session.call({ export: 'accumulate', args: [{ keep: 'sum', bytes: 16 }, 5] })
    const value = new Uint32Array(1)
    await session.readKept('sum', 0, value)
    assert.is(value[0], 5)
    await session.close()
  }
})

test('more jobs than workers all finish', async () => {
  const jobs = Array.from({ length: 9 }, (_, index) =>
    addTo(pool, new Uint32Array([index]), new Uint32Array(1)).then(({ out }) => out[0]),
  )
  assert.equal(await Promise.all(jobs), [0, 1, 4, 9, 16, 25, 36, 49, 64])
})

test('jobs run while sessions are open, however many', async () => {
  const narrow = createPool(entry, 1)
  const sessions = await Promise.all([narrow.open(kernel), narrow.open(kernel), narrow.open(kernel)])
  await works(narrow)
  await Promise.all(sessions.map((session) => session.close()))
  await works(narrow)
  await narrow.dispose()
})

test('a buffer of more than 4 GiB is worked on by views', async () => {
  const huge = new SharedArrayBuffer(2 ** 32 + 4096)
  const source = new Uint32Array(huge, 2 ** 32 + 64, 3)
  source.set([1, 2, 3])
  const target = new Uint32Array(huge, 2 ** 32 + 128, 3).fill(5)
  assert.equal(await addTo(pool, source, target), { total: 21, target: [6, 7, 8], out: [1, 4, 9] })
  assert.equal([...new Uint32Array(huge, 2 ** 32 + 128, 4)], [6, 7, 8, 0])
  const whole = new Uint32Array(huge)
  await fails(
    pool.run(kernel, { export: 'addTo', args: [{ in: whole }, 0, 0, 0] }),
    'compute-buffer-too-large',
  )
  const worker = await pool.startWorker(new URL('./testing/echo.worker.ts', import.meta.url))
  await fails(worker.call('sum', { list: [{ source }] }), 'compute-buffer-too-large')
  await worker.close()
})

test('a trap is an error that names the kernel, and the pool goes on', async () => {
  const { code, what } = await errorOf(pool.run(kernel, { export: 'trap', args: [] }))
  assert.is(code, 'compute-kernel-failed')
  assert.match(what, 'Kernel probe.trap failed: RuntimeError: unreachable')
  assert.match(
    (await errorOf(pool.run(kernel, { export: 'absent', args: [] }))).what,
    'kernel has no export "absent"',
  )
  await works(pool)
})

test('an abort ends work that would never end', async () => {
  const controller = new AbortController()
  const job = pool.run(kernel, { export: 'spin', args: [] }, { signal: controller.signal })
  setTimeout(() => controller.abort(), 20)
  await fails(job, 'run-interrupted')
  await works(pool)
})

test('an abort ends a session, and jobs that wait for a place', async () => {
  const narrow = createPool(entry, 1)
  const first = new AbortController()
  const second = new AbortController()
  const session = await narrow.open(kernel, { signal: first.signal })
  const spin = { export: 'spin', args: [] }
  const ends = Promise.all(
    [
      session.call(spin),
      narrow.run(kernel, spin, { signal: first.signal }),
      narrow.run(kernel, spin, { signal: second.signal }),
    ].map((job) => codeOf(job)),
  )
  second.abort()
  first.abort()
  assert.equal(await ends, ['run-interrupted', 'run-interrupted', 'run-interrupted'])
  await session.close()
  await fails(narrow.run(kernel, spin, { signal: first.signal }), 'run-interrupted')
  await works(narrow)
  await narrow.dispose()
})

test('one signal serves many jobs without a warning', async () => {
  const warnings: string[] = []
  const listen = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', listen)
  const { signal } = new AbortController()
  await Promise.all(
    Array.from({ length: 30 }, () => addTo(pool, new Uint32Array([1]), new Uint32Array(1), signal)),
  )
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  assert.equal(warnings, [])
})

test('a crash fails its job only', async () => {
  const fragile = createPool(new URL('./testing/crash.worker.ts', import.meta.url), 1)
  const call = (name: string) => fragile.run(kernel, { export: name, args: [] })
  const ends = await Promise.allSettled([call('crash'), call('work'), call('crash'), call('work')])
  assert.equal(
    ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason.code)),
    ['compute-worker-crashed', 42, 'compute-worker-crashed', 42],
  )
  await fragile.dispose()
})

test('disposal fails what runs and what waits', async () => {
  const short = createPool(entry, 1)
  const jobs = [1, 2].map(() => short.run(kernel, { export: 'spin', args: [] }))
  const codes = Promise.all(jobs.map((job) => codeOf(job)))
  await short.dispose()
  assert.equal(await codes, ['compute-worker-crashed', 'compute-worker-crashed'])
  await fails(short.run(kernel, { export: 'spin', args: [] }), 'compute-worker-crashed')
})

test('runs the worker of a plugin, and reports its errors and its crash', async () => {
  const worker = await pool.startWorker(new URL('./testing/echo.worker.ts', import.meta.url), {
    workerData: { level: 3 },
  })
  assert.is(await worker.call('shout', 'hello'), 'HELLO')
  assert.equal(await worker.call('configured'), { level: 3 })
  assert.equal([...(await worker.call<Float32Array>('fill', 3))], [3, 3, 3])
  assert.is(await worker.call('sum', new Uint8Array(new SharedArrayBuffer(4)).fill(2)), 8)
  const { code, what, where, fix, retryable } = await errorOf(worker.call('refuse'))
  assert.equal([code, what, where, fix, retryable], ['echo-refused', 'No', ['file.h5'], 'ask nicely', true])
  assert.match(
    (await errorOf(worker.call('mistake'))).what,
    'echo.worker.ts, mistake, failed: TypeError: not a function',
  )
  assert.match((await errorOf(worker.call('unsendable'))).what, 'could not be cloned')
  assert.match((await errorOf(worker.call('absent'))).what, 'no method "absent"')
  await fails(worker.call('crash'), 'compute-worker-crashed')
  await fails(worker.call('shout', 'anybody?'), 'compute-worker-crashed')
  await worker.close()
})

test('a worker that cannot be loaded says why', async () => {
  const worker = await pool.startWorker(new URL('./testing/none.worker.ts', import.meta.url))
  const { code, what } = await errorOf(worker.call('shout', 'hello'))
  assert.is(code, 'compute-kernel-failed')
  assert.match(what, 'none.worker.ts')
  await worker.close()
})

test.run()
