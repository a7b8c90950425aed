import { createChunk } from '@chunkflow/sdk'
import { runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import threshold from './threshold.js'

const test = suite('threshold')

test('is strict and drops a single channel', async () => {
  const chunk = createChunk(new Float32Array([0.1, 0.5, 0.6, 1]), [1, 1, 2, 2], {
    voxelOffset: [1, 2, 3],
    voxelSize: [40, 4, 4],
  })
  const { task } = await runOperator(threshold, { options: { threshold: 0.5 }, variables: { chunk } })
  const result = task.get<typeof chunk>('chunk')
  assert.equal([...result.data], [0, 0, 1, 1])
  assert.equal(result.shape, [1, 2, 2])
  assert.equal(result.voxelOffset, [1, 2, 3])
  assert.is(result.layerType, 'segmentation')
})

test('refuses several channels', async () => {
  const chunk = createChunk(new Float32Array(8), [2, 1, 2, 2])
  try {
    await runOperator(threshold, { variables: { chunk } })
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'shape-mismatch')
  }
})

test.run()
