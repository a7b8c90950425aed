import 'reflect-metadata'
import { type Chunk, createChunk, isChunkflowError } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow } from './chain.js'

const test = suite('api')

test('a chain is a pipeline with canonical names', async () => {
  const pipeline = await chunkflow({ mip: 2 })
    .createChunk({ size: [4, 5, 6], output: 'image' })
    .step('skip-task', { prefix: 'done/', name: 'first' })
    .pipeline()
  assert.equal(pipeline, {
    schema: 1,
    globals: { mip: 2 },
    steps: [
      { operator: 'create-chunk', options: { size: [4, 5, 6], outputChunkName: 'image' } },
      { operator: 'skip-task-by-file', name: 'first', options: { prefix: 'done/' } },
    ],
  })
})

test('runs on chunks of the caller and gives the variables back', async () => {
  const image = createChunk(new Uint8Array([1, 200, 3, 130]), [1, 2, 2], { voxelOffset: [7, -3, 11] })
  const { variables, tasks } = await chunkflow({ variables: { image } })
    .threshold({ input: 'image', output: 'mask', threshold: 100 })
    .run()
  assert.is(tasks, 1)
  assert.equal([...(variables.mask as Chunk).data], [0, 1, 0, 1])
  assert.equal((variables.mask as Chunk).voxelOffset, [7, -3, 11])
})

test('passes options that an operator collects', async () => {
  const chain = chunkflow()
    .createChunk({ size: [3, 4, 5], voxelOffset: [7, -3, 11] })
    .plugin({ file: 'transpose', inputNames: ['chunk'], extra: { only_array: false } })
  const { variables } = await chain.run()
  assert.equal((variables.chunk as Chunk).voxelOffset, [11, -3, 7])
})

test('checks before it runs', async () => {
  for (const [chain, code] of [
    [chunkflow().step('threshhold'), 'operator-unknown'],
    [chunkflow().step('create-chunk', { siez: 1 }), 'flag-unknown'],
    [chunkflow().step('create-chunk', { size: [1, 2] }), 'flag-invalid'],
    [chunkflow().threshold(), 'plan-variable-missing'],
  ] as const)
    try {
      await chain.run()
      assert.unreachable(code)
    } catch (error) {
      assert.is(isChunkflowError(error) ? error.code : String(error), code)
    }
})

test.run()
