import { isChunkflowError, type WasmKernel } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lazyCompute } from './lazy-compute.js'
import base64 from './testing/probe.wasm.js'

const test = suite('lazy compute')
const kernel: WasmKernel = { name: 'probe', base64 }
const entry = new URL('./kernel.worker.ts', import.meta.url)

async function addTo(compute: ReturnType<typeof lazyCompute>): Promise<number> {
  const target = new Uint32Array([3])
  await compute.run(kernel, {
    export: 'addTo',
    args: [{ in: new Uint32Array([4]) }, { inout: target }, { scratch: 4 }, 1],
  })
  return target[0]!
}

test('jobs that come at once share the pool', async () => {
  const compute = lazyCompute(entry)
  assert.equal(await Promise.all([addTo(compute), addTo(compute), addTo(compute)]), [7, 7, 7])
  await compute.dispose()
})

for (const [name, before] of [
  ['that had no work', async () => {}],
  ['that had work', async (compute: ReturnType<typeof lazyCompute>) => void (await addTo(compute))],
] as const)
  test(`a job after the end of one ${name} is refused`, async () => {
    const compute = lazyCompute(entry)
    await before(compute)
    await compute.dispose()
    const error = await addTo(compute).catch((reason: unknown) => reason)
    assert.ok(isChunkflowError(error))
    assert.is(error.code, 'compute-worker-crashed')
  })

test.run()
