import { type Chunk, createChunk, isChunkflowError } from '@chunkflow/sdk'
import { inlineCompute, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import fillHoles from './fill-segmentation-holes.js'
import printMaxId from './print-max-id.js'

const test = suite('fill-segmentation-holes, print-max-id')
const services = { compute: inlineCompute() }

const printed = async (chunk: Chunk): Promise<readonly string[]> =>
  (await runOperator(printMaxId, { variables: { chunk }, services })).messages.result

test('print-max-id is exact', async () => {
  assert.equal(await printed(createChunk(BigUint64Array.from([5n, 2n ** 64n - 1n]), [1, 1, 2])), [
    'maximum object ID: 18446744073709551615',
  ])
  assert.equal(await printed(createChunk(Int16Array.from([-5, 0, 3]), [1, 1, 3])), ['maximum object ID: 3'])
  assert.equal(await printed(createChunk(new Uint8Array(3), [1, 1, 3])), ['maximum object ID: 0'])
})

test('fill-segmentation-holes fills into its output', async () => {
  const data = new Uint16Array(27).fill(6)
  data[13] = 0
  const { task } = await runOperator(fillHoles, {
    options: { outputChunkName: 'filled' },
    variables: { chunk: createChunk(data, [3, 3, 3], { voxelOffset: [1, 2, 3] }) },
    services,
  })
  const filled = task.get<Chunk>('filled')
  assert.is(filled.data[13], 6)
  assert.equal(filled.voxelOffset, [1, 2, 3])
})

test('both refuse maps', async () => {
  const chunk = createChunk(new Float32Array(8), [2, 2, 2])
  for (const operator of [fillHoles, printMaxId]) {
    try {
      await runOperator(operator, { variables: { chunk }, services })
      assert.unreachable()
    } catch (error) {
      assert.ok(isChunkflowError(error) && error.code === 'labels-invalid', String(error))
    }
    assert.throws(() => operator.infer!({ inputChunkName: { kind: 'chunk', rank: 4 } }, {} as never))
  }
})

test.run()
