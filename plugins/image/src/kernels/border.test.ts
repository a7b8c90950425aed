import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Border, borderIndex, OUTSIDE, windowIndices } from './border.js'

const test = suite('borders')

const around = (length: number, border: Border) =>
  Array.from({ length: length + 8 }, (_, index) => borderIndex(index - 4, length, border))

test('continue an axis of three voxels as their names say', () => {
  assert.equal(around(3, 'reflect'), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0])
  assert.equal(around(3, 'mirror'), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2])
  assert.equal(around(3, 'nearest'), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2])
  assert.equal(around(3, 'wrap'), [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
  assert.equal(around(3, 'constant').slice(2, 6), [OUTSIDE, OUTSIDE, 0, 1])
  assert.equal(new Set(around(1, 'mirror')), new Set([0]))
})

test('windows see what lies around them', () => {
  assert.equal(windowIndices(0, 2, { before: 2, after: 1 }, 4, 'reflect'), [1, 0, 0, 1, 2])
  assert.equal(windowIndices(3, 4, { before: 0, after: 0 }, 4, 'wrap'), [3])
})

test.run()
