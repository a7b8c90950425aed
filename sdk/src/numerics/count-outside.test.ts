import { boundingBox, createChunk, zyx } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countOutside } from './count-outside.js'

const test = suite('voxels outside a box')

test('counts all channels, on every side, and not what is 0', () => {
  // 2 channels of 2 x 3 x 4 voxels
  const data = new Uint16Array(48).fill(7)
  const chunk = createChunk(data, [2, 2, 3, 4], { voxelOffset: [5, -1, 10] })
  const inside = boundingBox(zyx(5, 0, 11), zyx(6, 2, 13))
  assert.is(countOutside(chunk, inside), 48 - 2 * 1 * 2 * 2)
  data[0] = 0
  assert.is(countOutside(chunk, inside), 39)
  // a voxel of the inside
  data[1 * 4 + 1] = 0
  assert.is(countOutside(chunk, inside), 39)
  assert.is(countOutside(chunk, boundingBox(zyx(0, -9, 0), zyx(9, 9, 99))), 0)
})

test('labels of 64 bits are compared as such', () => {
  const data = new BigUint64Array([0n, 2n ** 63n, 0n, 1n])
  const chunk = createChunk(data, [1, 2, 2])
  assert.is(countOutside(chunk, boundingBox(zyx(0, 0, 0), zyx(1, 1, 2))), 1)
})

test.run()
