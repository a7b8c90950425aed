import { type Chunk, createChunk } from '@chunkflow/sdk'
import { inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countLabelPairs } from './contingency.js'

const test = suite('contingency')
const compute = inlineCompute()
const total = (counts: Float64Array): number => counts.reduce((left, right) => left + right, 0)

test('counts pairs, labels numbered as they are met', async () => {
  const id = 2n ** 63n
  const segmentation = createChunk(BigUint64Array.from([id, id, id + 1n, 0n, id + 1n]), [1, 1, 5])
  const groundtruth = createChunk(new Uint16Array([9, 9, 9, 0, 7]), [1, 1, 5])
  const table = await countLabelPairs(segmentation, groundtruth, { compute })
  const pairs = [...table.counts].map((count, index) => [table.segments[index], table.objects[index], count])
  assert.equal(pairs.sort(), [
    [0, 0, 1],
    [1, 1, 2],
    [2, 1, 1],
    [2, 2, 1],
  ])
  assert.equal([table.segmentCount, table.objectCount], [2, 2])
})

test('element types do not matter', async () => {
  const values = (dtype: 'uint8' | 'int16' | 'uint32' | 'int64', seed: number): Chunk => {
    const { data, shape } = randomChunk([3, 7, 11], { dtype: 'uint8' }, { seed, limit: 5 })
    return createChunk(
      dtype === 'int64'
        ? BigInt64Array.from(data as Uint8Array, BigInt)
        : new { uint8: Uint8Array, int16: Int16Array, uint32: Uint32Array }[dtype](data as Uint8Array),
      shape,
    )
  }
  const expected = await countLabelPairs(values('uint8', 1), values('uint8', 2), { compute })
  for (const one of ['uint8', 'int16', 'uint32', 'int64'] as const)
    for (const other of ['uint8', 'int16', 'uint32', 'int64'] as const)
      assert.equal(await countLabelPairs(values(one, 1), values(other, 2), { compute }), expected)
})

test('tables grow, over several pieces', async () => {
  const count = 600_000
  const labels = createChunk(
    Uint32Array.from({ length: count }, (_, index) => index),
    [1, 1, count],
  )
  const table = await countLabelPairs(labels, labels, { compute })
  assert.equal([table.counts.length, table.segmentCount, table.objectCount], [count, count - 1, count - 1])
  assert.ok(table.segments.every((segment, index) => segment === table.objects[index]))
  assert.is(total(table.counts), count)
})

test.run()
