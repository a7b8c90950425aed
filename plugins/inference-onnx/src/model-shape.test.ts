import { type ChunkflowError, type ModelSettings, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Dimension, describeModel, describeResult, type ModelInfo } from './model-shape.js'

const test = suite('model shape')

const SETTINGS: ModelSettings = {
  modelPath: 'model.onnx',
  weightPath: undefined,
  inputPatchSize: zyx(18, 192, 160),
  outputPatchSize: zyx(18, 192, 160),
  inputChannels: 1,
  outputChannels: 3,
  batchSize: 6,
  dtype: 'float32',
}
const info = (
  input: readonly Dimension[],
  output: readonly Dimension[],
  types: readonly (string | undefined)[] = ['float32', 'float32'],
): ModelInfo => ({
  inputs: [{ name: 'image', type: types[0], shape: input }],
  outputs: [{ name: 'affinity', type: types[1], shape: output }],
})
const refusal = (model: ModelInfo): ChunkflowError => {
  try {
    describeModel(model, SETTINGS)
  } catch (error) {
    return error as ChunkflowError
  }
  throw new Error('nothing was refused')
}

test('takes free sizes with equal names as equal', () => {
  assert.equal(describeModel(info(['batch', 1, 'z', 'y', 'x'], ['batch', 3, 'z', 'y', 'x']), SETTINGS), {
    output: 'affinity',
    inputType: 'float32',
    outputType: 'float32',
    fixedBatch: undefined,
    result: { channels: 3, size: [18, 192, 160] },
  })
})

test('takes fixed sizes as they are', () => {
  const model = info([2, 1, 18, 192, 160], [2, 4, 14, 128, 96], ['float16', 'float32'])
  assert.equal(describeModel(model, SETTINGS), {
    output: 'affinity',
    inputType: 'float16',
    outputType: 'float32',
    fixedBatch: 2,
    result: { channels: 4, size: [14, 128, 96] },
  })
})

test('leaves to a run what the file does not tell', () => {
  assert.is(
    describeModel(info(['b', 1, 'z', 'y', 'x'], ['b', 3, 'z2', 'y', 'x']), SETTINGS).result,
    undefined,
  )
  assert.is(describeModel(info(['', '', '', '', ''], ['', 3, '', '', '']), SETTINGS).result, undefined)
  assert.is(
    describeModel(info(['b', 1, 'z', 'y', 'x'], ['b', 'c', 'z', 'y', 'x']), SETTINGS).result,
    undefined,
  )
  assert.equal(describeResult([1, 3, 14, 128, 96]), { channels: 3, size: [14, 128, 96] })
})

test('takes the output that was asked for by name', () => {
  const free = ['b', 1, 'z', 'y', 'x']
  const one = info(free, ['b', 3, 'z', 'y', 'x'])
  const two = {
    ...one,
    outputs: [...one.outputs, { name: 'mask', type: 'float16', shape: ['b', 1, 'z', 'y', 'x'] }],
  }
  assert.is(describeModel(two, SETTINGS).output, 'affinity')
  const mask = describeModel(two, { ...SETTINGS, outputName: 'mask' })
  assert.equal([mask.output, mask.outputType, mask.result?.channels], ['mask', 'float16', 1])
  try {
    describeModel(two, { ...SETTINGS, outputName: 'nerve' })
    assert.unreachable()
  } catch (error) {
    assert.is((error as ChunkflowError).fix, 'use --output-name affinity or mask')
  }
})

test('refuses what cannot work, naming a flag where one helps', () => {
  const free = ['b', 3, 'z', 'y', 'x']
  const sizes = refusal(info(['b', 1, 20, 256, 'x'], free))
  assert.is(sizes.code, 'onnx-model-shape')
  assert.match(sizes.what, 'reads patches of 20 256 x')
  assert.is(sizes.fix, 'add --input-patch-size 20 256 160')
  assert.is(refusal(info(['b', 2, 'z', 'y', 'x'], free)).fix, 'add --num-input-channels 2')
  assert.match(refusal(info(['b', 1, 'y', 'x'], free)).what, '"image" of the model has 4 axes')
  assert.match(refusal(info(['b', 1, 'z', 'y', 'x'], ['b', 3])).what, '"affinity" of the model has 2 axes')
  assert.match(refusal(info(['b', 1, 'z', 'y', 'x'], free, ['uint8', 'float32'])).what, 'is uint8')
  assert.match(refusal(info(['b', 1, 'z', 'y', 'x'], free, ['float32', undefined])).what, 'not a tensor')
  const two = info(['b', 1, 'z', 'y', 'x'], free)
  assert.match(
    refusal({ ...two, inputs: [...two.inputs, ...two.inputs] }).what,
    'has 2 inputs (image, image)',
  )
})

test.run()
