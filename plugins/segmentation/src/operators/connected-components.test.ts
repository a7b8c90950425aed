import { type Chunk, createChunk, isChunkflowError } from '@chunkflow/sdk'
import { inlineCompute, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import connectedComponents from './connected-components.js'

const test = suite('connected-components')
const run = async (chunk: Chunk, options: Record<string, unknown> = {}): Promise<Chunk> =>
  (
    await runOperator(connectedComponents, {
      options: options as never,
      variables: { chunk },
      services: { compute: inlineCompute() },
    })
  ).task.get<Chunk>('chunk')

const MAP = createChunk(new Float32Array([0.9, 0, 0.2, 0, 0.8, 0, 0.7, 0, 0.05]), [1, 3, 3], {
  voxelOffset: [7, -3, 11],
  voxelSize: [40, 8, 4],
})

test('labels a map above the threshold, in scan order', async () => {
  const six = await run(MAP, { threshold: 0.1 })
  assert.equal([...six.data], [1, 0, 2, 0, 3, 0, 4, 0, 0])
  assert.equal([six.layerType, six.voxelOffset, six.voxelSize], ['segmentation', [7, -3, 11], [40, 8, 4]])
  assert.equal(
    [...(await run(MAP, { threshold: 0.1, connectivity: '26' })).data],
    [1, 0, 1, 0, 1, 0, 1, 0, 0],
  )
})

test('the threshold leaves labels alone; touching labels stay apart', async () => {
  const labels = createChunk(new Uint16Array([5, 5, 7, 0, 7, 7]), [1, 2, 3])
  assert.equal([...(await run(labels, { threshold: 6 })).data], [1, 1, 2, 0, 2, 2])
})

test('a map without a threshold is refused, when planned and when run', async () => {
  try {
    await run(MAP)
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error) && error.code === 'dtype-unsupported')
  }
  const infer = (threshold: number | undefined) =>
    connectedComponents.infer!({ inputChunkName: { kind: 'chunk', dtype: 'float32', shape: [1, 4, 5, 6] } }, {
      threshold,
    } as never)
  assert.throws(() => infer(undefined), /needs a threshold/)
  assert.equal(infer(0.5).outputChunkName!.shape, [4, 5, 6])
})

test.run()
