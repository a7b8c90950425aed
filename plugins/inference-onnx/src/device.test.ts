import type { ChunkflowError } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseDevice } from './device.js'

const test = suite('onnx device')

const refusal = (device: string, hasCuda: boolean): ChunkflowError => {
  try {
    chooseDevice(device, hasCuda)
  } catch (error) {
    return error as ChunkflowError
  }
  throw new Error('nothing was refused')
}

test('auto takes CUDA where its libraries are, else the processor', () => {
  assert.equal(chooseDevice('auto', true), { provider: 'cuda', index: 0, explicit: false })
  assert.equal(chooseDevice('auto', false), { provider: 'cpu', index: 0, explicit: false })
})

test('takes devices by name', () => {
  assert.equal(chooseDevice('cpu', true), { provider: 'cpu', index: 0, explicit: true })
  assert.equal(chooseDevice('webgpu', false), { provider: 'webgpu', index: 0, explicit: true })
  assert.equal(chooseDevice('cuda:3', true), { provider: 'cuda', index: 3, explicit: true })
})

test('refuses what is missing and what does not exist', () => {
  assert.is(refusal('cuda', false).code, 'onnx-device-missing')
  for (const device of ['gpu', 'cpu:1', 'cuda:', 'cuda:x', ''])
    assert.is(refusal(device, true).code, 'onnx-device-unknown')
})

test.run()
