import { convertElements, type Dtype, type TypedArray } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countLost, describeLoss } from './count-lost.js'

const test = suite('values lost in conversions')

const lost = (from: Dtype, values: TypedArray, to: Dtype): number =>
  countLost(values, from, convertElements(values, from, to), to)

test('labels that wrap, or that a float rounds, are lost', () => {
  const labels = new BigUint64Array([0n, 255n, 256n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n])
  assert.is(lost('uint64', labels, 'uint8'), 4)
  assert.is(lost('uint64', labels, 'float64'), 2)
  assert.is(lost('uint64', labels, 'int64'), 1)
  assert.is(lost('uint64', labels, 'uint64'), 0)
  assert.is(lost('uint32', new Uint32Array([2 ** 24, 2 ** 24 + 1, 7]), 'float32'), 1)
  assert.is(lost('uint16', new Uint16Array([2048, 2049, 65535]), 'float16'), 2)
  assert.is(lost('uint8', new Uint8Array([0, 255]), 'float16'), 0)
})

test('numbers whose sign changes are lost', () => {
  assert.is(lost('int32', new Int32Array([-1, 5, -7]), 'uint32'), 2)
  assert.is(lost('uint32', new Uint32Array([2 ** 32 - 1, 5]), 'int32'), 1)
  assert.is(lost('int8', new Int8Array([-1, 5]), 'uint16'), 1)
  assert.is(lost('int8', new Int8Array([-1, 5]), 'int64'), 0)
})

test('of floats only those that become infinite', () => {
  const floats = new Float32Array([0.1, 1e6, Number.NaN, Number.POSITIVE_INFINITY])
  assert.is(lost('float32', floats, 'float16'), 1)
  assert.is(lost('float32', floats, 'float64'), 0)
  assert.is(lost('float32', new Float32Array([0.5, 3.7]), 'uint8'), 0)
})

test('is counted beyond one piece, and told', () => {
  const labels = new Uint16Array(2 ** 20 + 3)
  labels[2 ** 20 + 1] = 300
  labels[5] = 300
  assert.is(lost('uint16', labels, 'uint8'), 2)
  assert.is(describeLoss(2, 'uint16', 'uint8'), '2 values of uint16 are other numbers in uint8')
  assert.is(describeLoss(0, 'uint16', 'uint8'), undefined)
})

test.run()
