import { isBigDtype } from '@chunkflow/sdk'
import { inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { renumber } from './renumber.js'

const test = suite('renumber')
const compute = inlineCompute()

test('numbers ids by first voxel; 0 stays, ids beyond 53 bits are exact', async () => {
  const id = 2n ** 63n
  const data = BigUint64Array.from([0n, id + 1n, id, id + 1n, 5n, 0n])
  const { labels, count, ids } = await renumber(data, 'uint64', { compute })
  assert.equal([...labels], [0, 1, 2, 1, 3, 0])
  assert.is(count, 3)
  assert.equal([...ids!], [0n, id + 1n, id, 5n])
})

test('takes all integer types, and more ids than a table begins with', async () => {
  for (const dtype of ['bool', 'uint8', 'int16', 'uint32', 'uint64'] as const) {
    const { data } = randomChunk([4, 50, 60], { dtype }, { limit: 20_000 })
    const { labels, count, ids } = await renumber(data, dtype, { compute })
    assert.is(ids!.length, count + 1)
    data.forEach((value, voxel) => {
      const given = isBigDtype(dtype) ? value : BigInt(value)
      assert.is(ids![labels[voxel]!], given)
    })
  }
})

test.run()
