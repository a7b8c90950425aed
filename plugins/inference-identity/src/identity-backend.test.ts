import { type ChunkflowError, INFERENCE, zyx } from '@chunkflow/sdk'
import { inferenceBackendConformance } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cropBatch, identityBackend } from './identity-backend.js'
import plugin from './plugin.js'

const test = suite('identity backend')

const SETTINGS = {
  modelPath: undefined,
  weightPath: undefined,
  inputPatchSize: zyx(1, 2, 4),
  outputPatchSize: zyx(1, 2, 2),
  inputChannels: 2,
  outputChannels: 3,
  batchSize: 2,
  dtype: 'float32',
} as const

test('crops the centre and repeats input channels', () => {
  const batch = Float32Array.from({ length: 32 }, (_, index) => index)
  const result = new Float32Array(24).fill(-1)
  cropBatch(batch, 1, result, SETTINGS)
  assert.equal([...result.subarray(0, 12)], [1, 2, 5, 6, 9, 10, 13, 14, 1, 2, 5, 6])
  // the second slot of a short batch is left alone
  assert.ok(result.subarray(12).every((value) => value === -1))
  cropBatch(batch, 2, result, SETTINGS)
  assert.equal([...result.subarray(12, 16)], [17, 18, 21, 22])
})

test('copies whole patches when there is no margin', async () => {
  const model = await identityBackend.load({ ...SETTINGS, outputPatchSize: zyx(1, 2, 4), inputChannels: 1 })
  const batch = Float32Array.from({ length: 8 }, (_, index) => index)
  const result = new Float32Array(24)
  await model.run(batch, 1, result)
  assert.equal([...result], [...batch, ...batch, ...batch])
  assert.is(model.channels, 3)
  assert.equal(model.resultSize, [1, 2, 4])
  assert.ok(model.computeDevice.length > 0)
})

test('refuses devices and outputs that it does not have', async () => {
  for (const [change, code] of [
    [{ device: 'cuda' }, 'identity-device'],
    [{ device: 'cpu', outputName: 'affinity' }, 'identity-output'],
  ] as const)
    try {
      await identityBackend.load({ ...SETTINGS, ...change })
      assert.unreachable()
    } catch (error) {
      assert.is((error as ChunkflowError).code, code)
    }
})

test('is provided under its name', async () => {
  const [provider] = plugin.provides
  assert.is(provider!.token.symbol, INFERENCE.symbol)
  assert.is(provider!.key, 'identity')
  assert.is(await provider!.create({} as never), identityBackend)
})

for (const { name, run } of inferenceBackendConformance(() => identityBackend, { model: SETTINGS }))
  test(name, run)

test.run()
