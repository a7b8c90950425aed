import { zyx } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isPlainArray, isPoints, isSkeletons, isSynapses, type PlainArray } from './records.js'

const test = suite('records')

const rows = (count: number, columns: number): PlainArray => ({
  shape: [count, columns],
  dtype: 'int32',
  data: new Int32Array(count * columns),
})

test('a record is told by the shapes of its arrays', () => {
  assert.ok(isPlainArray(rows(2, 3)))
  assert.not(isPlainArray({ shape: [2, 3], data: new Int32Array(6) }))
  assert.ok(isPoints({ points: rows(2, 3), voxelSize: zyx(40, 4, 4) }))
  assert.not(isPoints({ points: rows(2, 4), voxelSize: zyx(40, 4, 4) }))
  assert.ok(isSynapses({ pre: rows(2, 3), post: null, resolution: zyx(40, 4, 4) }))
  assert.ok(isSynapses({ pre: rows(2, 3), post: rows(5, 4), resolution: zyx(40, 4, 4) }))
  assert.not(isSynapses({ pre: rows(2, 3), post: rows(5, 3), resolution: zyx(40, 4, 4) }))
  assert.not(
    isSynapses({ pre: { ...rows(2, 3), data: new Int32Array(5) }, post: null, resolution: [1, 1, 1] }),
  )
})

test('skeletons are a map by ids beyond 2^53', () => {
  assert.ok(isSkeletons(new Map([[2n ** 60n, { vertices: rows(2, 3), edges: rows(1, 2) }]])))
  assert.not(isSkeletons(new Map([['7', { vertices: rows(2, 3), edges: rows(1, 2) }]])))
  assert.not(isSkeletons(new Map([[7n, { vertices: rows(2, 3), edges: rows(1, 3) }]])))
  assert.not(isSkeletons({ 7: { vertices: rows(2, 3), edges: rows(1, 2) } }))
})

test.run()
