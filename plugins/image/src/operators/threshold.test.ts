import { createChunk, type Dtype, type TypedArray } from '@chunkflow/sdk'
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

test('compares every element type, 64-bit labels exactly', async () => {
  const above = async (data: TypedArray, value: number, dtype?: Dtype) => {
    const chunk = createChunk(data, [1, 1, data.length], dtype === undefined ? {} : { dtype })
    const { task } = await runOperator(threshold, { options: { threshold: value }, variables: { chunk } })
    return [...task.get<typeof chunk>('chunk').data]
  }
  assert.equal(await above(new Uint8Array([127, 128, 129]), 128), [0, 0, 1])
  assert.equal(await above(new Int16Array([-2, -1, 0]), -1.5), [0, 1, 1])
  assert.equal(await above(new BigUint64Array([2n ** 53n, 2n ** 53n + 1n]), 2 ** 53), [0, 1])
  assert.equal(await above(Uint16Array.of(0xbc00, 0x3800, 0x3900), 0.5, 'float16'), [0, 0, 1])
})

test('refuses several channels, also when planning', async () => {
  const chunk = createChunk(new Float32Array(8), [2, 1, 2, 2])
  try {
    await runOperator(threshold, { variables: { chunk } })
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'shape-mismatch')
  }
  const input = { kind: 'chunk', shape: chunk.shape } as const
  const options = { inputChunkName: 'chunk', outputChunkName: 'chunk', threshold: 0.5 }
  assert.throws(() => threshold.infer!({ inputChunkName: input }, options), /one channel/)
})

test.run()
