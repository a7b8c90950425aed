import { type Chunk, createChunk, isChunkflowError } from '@chunkflow/sdk'
import { inlineCompute, openStep, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addBase } from '../kernels/renumber.js'
import fillHoles from './fill-segmentation-holes.js'
import printMaxId from './print-max-id.js'
import remapSegmentation from './remap-segmentation.js'

const test = suite('fill-segmentation-holes, print-max-id, remap-segmentation')
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

test('remap-segmentation numbers objects by first voxel and goes on from chunk to chunk', async () => {
  const step = await openStep(remapSegmentation, { services })
  const remap = async (data: BigUint64Array | Int16Array) => {
    const chunk = createChunk(data, [1, 2, 3], { voxelOffset: [1, 2, 3], voxelSize: [40, 4, 4] })
    const { task } = await step.run({ chunk })
    const { dtype, layerType, voxelOffset, voxelSize, data: ids } = task.get<Chunk>('chunk')
    assert.equal(
      [dtype, layerType, voxelOffset, voxelSize],
      ['uint64', 'segmentation', [1, 2, 3], [40, 4, 4]],
    )
    return [...ids]
  }
  const id = 2n ** 64n - 1n
  assert.equal(await remap(BigUint64Array.of(id, 0n, 7n, 7n, id - 1n, id)), [1n, 0n, 2n, 2n, 3n, 1n])
  assert.equal(await remap(new Int16Array(6)), [0n, 0n, 0n, 0n, 0n, 0n])
  assert.equal(await remap(Int16Array.of(0, 5, 5, -5, 3, 0)), [0n, 4n, 4n, 5n, 6n, 0n])
  assert.equal(await remap(BigUint64Array.of(9n, 9n, 9n, 9n, 9n, 9n)), [7n, 7n, 7n, 7n, 7n, 7n])
  await step.dispose()
})

test('ids behind a base of more than 32 bits are exact', async () => {
  const ids = await addBase(Uint32Array.of(0, 1, 2 ** 32 - 1), 2n ** 53n + 2n ** 32n - 1n, services)
  assert.equal([...ids], [0n, 2n ** 53n + 2n ** 32n, 2n ** 53n + 2n ** 33n - 2n])
})

test.run()
