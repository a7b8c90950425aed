import { allocate, createChunk, float16ToNumber, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isAllZero } from './all-zero.js'
import { sinPattern } from './sin-pattern.js'

const test = suite('dry-run pattern and zero test')

test('is |sin(4 (u + v + w))| in every channel', () => {
  const size = zyx(3, 1, 5)
  const data = sinPattern(size, 2, 'float32')
  for (let index = 0; index < 30; index++) {
    const z = Math.floor((index % 15) / 5)
    const expected = Math.abs(Math.sin(4 * (z / 2 + (index % 5) / 4)))
    assert.ok(Math.abs((data[index] as number) - expected) < 1e-7)
  }
})

test('comes as float16 bits', () => {
  const data = sinPattern(zyx(1, 1, 3), 1, 'float16')
  assert.ok(data instanceof Uint16Array)
  assert.ok(Math.abs(float16ToNumber(data[1] as number) - Math.abs(Math.sin(2))) < 5e-4)
})

test('zero means zero, whatever its sign, and one voxel at the end counts', () => {
  const size = 1_100_000
  assert.ok(isAllZero(createChunk(allocate('uint8', size), [1, 1, size])))
  assert.ok(isAllZero(createChunk(new Float32Array([0, -0, 0, 0]), [1, 2, 2])))
  assert.ok(isAllZero(createChunk(new Uint16Array([0, 0x8000]), [1, 1, 2], { dtype: 'float16' })))
  const labels = new BigUint64Array(size)
  labels[size - 1] = 1n
  assert.not.ok(isAllZero(createChunk(labels, [1, 1, size])))
  assert.not.ok(isAllZero(createChunk(new Float32Array([0, Number.NaN]), [1, 1, 2])))
})

test.run()
