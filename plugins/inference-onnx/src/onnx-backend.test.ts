import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Compute,
  float16ToNumber,
  INFERENCE,
  type ModelSettings,
  numberToFloat16,
  zyx,
} from '@chunkflow/sdk'
import {
  errorOf,
  inferenceBackendConformance,
  inlineCompute,
  recordingLogger,
  seededRandom,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPool } from '../../compute/src/pool.js'
import { createOnnxBackend } from './onnx-backend.js'
import plugin from './plugin.js'
import { externalModel, type TinyTensor, tinyModel, twoOutputModel } from './testing/tiny-model.js'

const test = suite('onnx backend')

const SAMPLE = fileURLToPath(new URL('../../../test/fixtures/model/model.onnx', import.meta.url))
const folder = temporaryFolder()
test.after(() => folder.remove())

const { logger, messages } = recordingLogger()
const open = (compute: Compute, change: { hasCuda?: boolean } = {}) =>
  createOnnxBackend({
    compute,
    files: testFiles(folder.path),
    worker: new URL('./ort.worker.ts', import.meta.url),
    logger,
    hasCuda: false,
    ...change,
  })
const backend = open(inlineCompute())
const SETTINGS: ModelSettings = {
  modelPath: SAMPLE,
  weightPath: undefined,
  inputPatchSize: zyx(4, 32, 24),
  outputPatchSize: zyx(4, 32, 24),
  inputChannels: 1,
  outputChannels: 3,
  batchSize: 2,
  dtype: 'float32',
}
const shared = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(length * 4))
function randomBatch(length: number): Float32Array {
  const random = seededRandom(5)
  return shared(length).map(() => random())
}
function tiny(
  name: string,
  operator: Parameters<typeof tinyModel>[0],
  input: Partial<TinyTensor>,
  output: Partial<TinyTensor>,
): string {
  const tensors = [
    { name: 'in', type: 'float32', shape: ['b', 1, 'z', 'y', 'x'], ...input } as const,
    { name: 'out', type: 'float32', shape: ['b', 1, 'z', 'y', 'x'], ...output } as const,
  ] as const
  writeFileSync(path.join(folder.path, name), tinyModel(operator, [tensors[0]], tensors[1]))
  return name
}
const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

test('gives what onnxruntime gives, in a batch and on shared memory', async () => {
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  const patch = 4 * 32 * 24
  const batch = randomBatch(2 * patch)
  const direct = await InferenceSession.create(SAMPLE)
  const expected = await direct.run({
    image: new Tensor('float32', Float32Array.from(batch), [2, 1, 4, 32, 24]),
  })
  const model = await backend.load(SETTINGS)
  assert.is(model.channels, 3)
  assert.equal(model.resultSize, [4, 32, 24])
  const result = shared(2 * 3 * patch)
  await model.run(batch, 2, result)
  const values = expected.affinity!.data as Float32Array
  assert.ok(result.every((value, index) => Math.abs(value - values[index]!) <= 1e-6))
  // a short batch leaves the other slots alone
  const short = shared(2 * 3 * patch).fill(-1)
  await model.run(batch, 1, short)
  assert.ok(short.subarray(0, 3 * patch).every((value, index) => Math.abs(value - values[index]!) <= 1e-6))
  assert.ok(short.subarray(3 * patch).every((value) => value === -1))
  await model.dispose!()
})

test('runs on a thread of its own, and errors come back whole', async () => {
  const compute = createPool(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
  try {
    const model = await open(compute).load({ ...SETTINGS, modelPath: tiny('thread.onnx', 'Sigmoid', {}, {}) })
    const batch = randomBatch(2 * 4 * 32 * 24)
    const result = shared(batch.length)
    await model.run(batch, 2, result)
    assert.ok(result.every((value, index) => Math.abs(value - sigmoid(batch[index]!)) < 1e-6))
    await model.dispose!()
    writeFileSync(path.join(folder.path, 'text.onnx'), 'import torch\n')
    const invalid = await errorOf(() => open(compute).load({ ...SETTINGS, modelPath: 'text.onnx' }))
    assert.is(invalid.code, 'onnx-model-invalid')
  } finally {
    await compute.dispose()
  }
})

test('converts for float16 models', async () => {
  // on a thread of its own: the worker hides the engine's half-precision arrays from onnxruntime before loading it
  const compute = createPool(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
  try {
    const modelPath = tiny('half.onnx', 'Sigmoid', { type: 'float16' }, { type: 'float16' })
    const model = await open(compute).load({ ...SETTINGS, modelPath })
    const batch = shared(4 * 32 * 24)
    batch.set(randomBatch(batch.length))
    const result = shared(batch.length)
    await model.run(batch, 1, result)
    batch.forEach((value, index) => {
      const input = float16ToNumber(numberToFloat16(value))
      assert.ok(Math.abs(result[index]! - sigmoid(input)) < 6e-4)
      assert.is(float16ToNumber(numberToFloat16(result[index]!)), result[index])
    })
    await model.dispose!()
  } finally {
    await compute.dispose()
  }
})

test('fills up the batch of a model that insists on one', async () => {
  const shape = [2, 1, 4, 32, 24]
  const model = await backend.load({
    ...SETTINGS,
    modelPath: tiny('two.onnx', 'Sigmoid', { shape }, { shape }),
  })
  const batch = randomBatch(3 * 4 * 32 * 24)
  const result = shared(batch.length)
  await model.run(batch, 3, result)
  assert.ok(result.every((value, index) => Math.abs(value - sigmoid(batch[index]!)) < 1e-6))
  await model.dispose!()
})

test('runs once to learn what the file does not tell', async () => {
  const shape = ['', '', '', '', '']
  const model = await backend.load({
    ...SETTINGS,
    modelPath: tiny('pool.onnx', 'AveragePool', { shape }, { shape }),
  })
  assert.is(model.channels, 1)
  assert.equal(model.resultSize, [2, 30, 22])
  const result = shared(2 * 30 * 22)
  await model.run(shared(4 * 32 * 24).fill(0.25), 1, result)
  assert.ok(result.every((value) => Math.abs(value - 0.25) < 1e-6))
  await model.dispose!()
})

test('reads weights from a file beside the model', async () => {
  writeFileSync(path.join(folder.path, 'external.onnx'), externalModel('external.data'))
  const settings = { ...SETTINGS, modelPath: 'external.onnx', outputChannels: 1 }
  const missing = await errorOf(() => backend.load(settings))
  assert.is(missing.code, 'onnx-model-invalid')
  assert.match(missing.what, 'external.data')
  writeFileSync(path.join(folder.path, 'external.data'), Buffer.from(Float32Array.of(0.25).buffer))
  const model = await backend.load(settings)
  const batch = randomBatch(4 * 32 * 24)
  const result = shared(batch.length)
  await model.run(batch, 1, result)
  assert.ok(result.every((value, index) => value === Math.fround(batch[index]! + 0.25)))
  await model.dispose!()
})

test('takes an output by name, and says which when it has the choice', async () => {
  writeFileSync(path.join(folder.path, 'outputs.onnx'), twoOutputModel())
  const settings = { ...SETTINGS, modelPath: 'outputs.onnx', outputChannels: 1, threads: 1 }
  const batch = randomBatch(4 * 32 * 24)
  for (const [outputName, sign] of [[undefined, 1] as const, ['negative', -1] as const]) {
    const model = await backend.load({ ...settings, outputName })
    const result = shared(batch.length)
    await model.run(batch, 1, result)
    assert.ok(result.every((value, index) => Math.abs(value - sigmoid(sign * batch[index]!)) < 1e-6))
    await model.dispose!()
  }
  assert.is(
    messages.warn.filter((line) => line.includes('2 outputs (plain, negative); plain is used')).length,
    1,
  )
  assert.is((await errorOf(() => backend.load({ ...settings, outputName: 'out' }))).code, 'onnx-model-shape')
})

test('falls back from CUDA aloud, but not when it was asked for', async () => {
  // the libraries are said to be there, and are not
  const hopeful = open(inlineCompute(), { hasCuda: true })
  const settings = { ...SETTINGS, modelPath: tiny('device.onnx', 'Sigmoid', {}, {}) }
  const model = await hopeful.load({ ...settings, device: 'auto' })
  await model.dispose!()
  assert.is(messages.warn.filter((line) => /cannot use cuda.*instead$/.test(line)).length, 1)
  const refused = await errorOf(() => hopeful.load({ ...settings, device: 'cuda:0' }))
  assert.is(refused.code, 'onnx-device-missing')
  assert.match(refused.fix!, '--device auto or cpu')
  assert.is((await errorOf(() => backend.load({ ...settings, device: 'cuda' }))).code, 'onnx-device-missing')
  assert.is((await errorOf(() => backend.load({ ...settings, device: 'tpu' }))).code, 'onnx-device-unknown')
  const quiet = await backend.load({ ...settings, device: 'auto' })
  assert.ok(messages.info.some((line) => line.startsWith('onnxruntime runs the model on ')))
  await quiet.dispose!()
})

test('explains files that are missing or no models', async () => {
  const without = await errorOf(() => backend.load({ ...SETTINGS, modelPath: undefined }))
  assert.is(without.code, 'onnx-model-missing')
  assert.match(without.fix!, '--convnet-model')
  const missing = await errorOf(() => backend.load({ ...SETTINGS, modelPath: 'nets/none.onnx' }))
  assert.is(missing.code, 'onnx-model-missing')
  assert.match(missing.what, path.join(folder.path, 'nets/none.onnx'))
  assert.match((await errorOf(() => backend.load({ ...SETTINGS, modelPath: '.' }))).what, 'is a directory')
  writeFileSync(path.join(folder.path, 'text.onnx'), 'import torch\n')
  const invalid = await errorOf(() => backend.load({ ...SETTINGS, modelPath: 'text.onnx' }))
  assert.is(invalid.code, 'onnx-model-invalid')
  assert.match(invalid.what, 'Protobuf parsing failed')
})

test('explains patches that the network cannot take', async () => {
  const inputPatchSize = zyx(4, 30, 24)
  const model = await backend.load({ ...SETTINGS, inputPatchSize, outputPatchSize: inputPatchSize })
  const error = await errorOf(() => model.run(shared(4 * 30 * 24), 1, shared(3 * 4 * 30 * 24)))
  assert.is(error.code, 'onnx-run-failed')
  assert.match(error.fix!, 'multiples of 8')
  await model.dispose!()
  const bytes = { type: 'uint8' } as const
  const wrong = await errorOf(() =>
    backend.load({ ...SETTINGS, modelPath: tiny('bytes.onnx', 'Cast', bytes, {}) }),
  )
  assert.is(wrong.code, 'onnx-model-shape')
})

test('is provided under its name, with its worker', () => {
  const [provider] = plugin.provides
  assert.is(provider!.token.symbol, INFERENCE.symbol)
  assert.is(provider!.key, 'onnx')
  assert.equal(plugin.workers, { ort: './ort.worker.ts' })
})

for (const { name, run } of inferenceBackendConformance(() => backend, {
  model: SETTINGS,
  refused: [
    { modelPath: 'nowhere.onnx' },
    { modelPath: undefined },
    { inputChannels: 2 },
    { outputChannels: 4 },
  ],
  // sums over a batch are taken in another order
  tolerance: 1e-5,
}))
  test(`conformance: ${name}`, run)

test.run()
