import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChunkflowError } from '@chunkflow/sdk'
import {
  errorOf,
  hasPython,
  inlineCompute,
  type OperatorRun,
  runOperator,
  SYSTEM_PYTHON,
  serviceFamily,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createOnnxBackend } from '../../../inference-onnx/src/onnx-backend.js'
import { FOLDER, workshop } from '../testing/models.js'
import exportOnnx from './export-onnx.js'

const test = suite('export-onnx')
const shop = workshop()
test.after(() => shop.close())
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/fixtures/model/${name}`, import.meta.url))

const onnx = createOnnxBackend({
  compute: inlineCompute(),
  files: shop.files,
  worker: new URL('../../../inference-onnx/src/ort.worker.ts', import.meta.url),
  logger: shop.logger,
  hasCuda: false,
})
const run = (options: OperatorRun['options'], more: OperatorRun = {}) =>
  runOperator(exportOnnx, {
    options: { python: SYSTEM_PYTHON, inputPatchSize: [2, 16, 24], ...options },
    services: { python: shop.python(), files: shop.files, models: serviceFamily({ onnx }) },
    assets: { python: FOLDER },
    ...more,
  })
const refusal = (options: OperatorRun['options'], more: OperatorRun = {}): Promise<ChunkflowError> =>
  errorOf(run(options, more))

test('explains what is missing, and writes nothing in a dry run', async () => {
  const none = await refusal({ convnetModel: 'none.py', fileName: 'a.onnx' })
  assert.is(none.code, 'model-file-missing')
  const services = { python: shop.python(), files: shop.files, models: serviceFamily({}) }
  const unchecked = await refusal({ convnetModel: 'none.py', fileName: 'a.onnx' }, { services })
  assert.is(unchecked.code, 'export-failed')
  const { messages } = await run({ convnetModel: 'none.py', fileName: 'a.onnx' }, { dryRun: true })
  assert.match(messages.info.join(), `would write ${shop.path}/a.onnx`)
  assert.equal(readdirSync(shop.path), [])
})

if (hasPython('numpy', 'torch')) {
  test('exports the affinity network with free sizes and says how close it is', async () => {
    const { messages } = await run({
      convnetModel: fixture('model.py'),
      convnetWeightPath: fixture('weights.pt'),
      fileName: 'nets/affinity.onnx',
    })
    assert.ok(existsSync(path.join(shop.path, 'nets/affinity.onnx')))
    const [wrote, difference] = messages.result
    assert.match(wrote!, /affinity\.onnx, which takes any batch size, and patches of any size/)
    const value = Number(/on 4 random patches: (\S+)$/.exec(difference!)![1])
    assert.ok(value > 0 && value < 1e-5, difference)
  })

  test('keeps sizes fixed where tracing or the network fixes them, and takes pre_process along', async () => {
    const convnetModel = shop.write(
      'fixed.py',
      `
import torch
class Fixed(torch.nn.Module):
    def forward(self, patches):
        # int() bakes the depth in
        return patches.reshape(-1, 1, int(patches.shape[2]), 16, 24) * 0.5
InstantiatedModel = Fixed().eval()
def pre_process(patches): return (patches - 0.5) * 0.25
def post_process(result): return torch.sigmoid(result)
`,
    )
    const { messages } = await run({ convnetModel, fileName: 'fixed.onnx' })
    assert.match(messages.result.join('\n'), 'any batch size, and patches of 2 16 24 only')
    assert.match(messages.result.join('\n'), 'on 3 random patches')
    const model = await onnx.load({
      modelPath: path.join(shop.path, 'fixed.onnx'),
      weightPath: undefined,
      inputPatchSize: [2, 16, 24],
      outputPatchSize: [2, 16, 24],
      inputChannels: 1,
      outputChannels: 1,
      batchSize: 1,
      dtype: 'float32',
    })
    const result = new Float32Array(768)
    await model.run(new Float32Array(768).fill(0.9), 1, result)
    const expected = 1 / (1 + Math.exp(-(0.9 - 0.5) * 0.25 * 0.5))
    assert.ok(result.every((value) => Math.abs(value - expected) < 1e-6))
    await model.dispose!()
  })

  test('keeps no file that is not what PyTorch gives, or cannot be made', async () => {
    const before = readdirSync(shop.path).length
    const random = shop.write(
      'random.py',
      'import torch\nInstantiatedModel = torch.nn.Dropout(0.5).train()\n',
    )
    assert.is((await refusal({ convnetModel: random, fileName: 'random.onnx' })).code, 'export-differs')
    const numpy = shop.write(
      'numpy.model',
      'import numpy, torch\nInstantiatedModel = torch.nn.Identity()\ndef pre_process(patches): return torch.from_numpy(patches * 2)\n',
    )
    const error = await refusal({ convnetModel: numpy, fileName: 'numpy.onnx' })
    assert.is(error.code, 'export-failed')
    assert.match(error.what, 'pre_process')
    assert.is(readdirSync(shop.path).length, before + 2)
  })
}

test.run()
