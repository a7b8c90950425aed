import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Chunk, createChunk } from '@chunkflow/sdk'
import {
  codeOf,
  inlineCompute,
  memoryStore,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import maskOut from './mask-out-objects.js'

const test = suite('mask-out-objects')
const folder = temporaryFolder()
test.after(() => folder.remove())
const services = { compute: inlineCompute(), files: testFiles(folder.path), store: memoryStore() }

const ID = 2n ** 63n + 1n
const CHUNK = createChunk(BigUint64Array.from([ID, ID, ID, ID + 1n, 7n, 7n, 0n, 9n]), [2, 2, 2], {
  voxelOffset: [1, 2, 3],
  voxelSize: [40, 8, 4],
  layerType: 'segmentation',
})
const masked = async (options: Record<string, unknown>, chunk = CHUNK): Promise<Chunk> =>
  (await runOperator(maskOut, { options: options as never, variables: { chunk }, services })).task.get(
    'chunk',
  )
const values = async (options: Record<string, unknown>): Promise<bigint[]> => [
  ...((await masked(options)).data as BigUint64Array),
]

test('removes dust of so many voxels or fewer', async () => {
  assert.equal(await values({ dustSizeThreshold: 1 }), [ID, ID, ID, 0n, 7n, 7n, 0n, 0n])
  assert.equal(await values({ dustSizeThreshold: 2 }), [ID, ID, ID, 0n, 0n, 0n, 0n, 0n])
})

test('keeps selected objects, exact beyond 53 bits', async () => {
  const kept = await masked({ selectedObjIds: `${ID},9` })
  assert.equal([...kept.data], [ID, ID, ID, 0n, 0n, 0n, 0n, 9n])
  assert.equal([kept.voxelOffset, kept.voxelSize, kept.layerType], [[1, 2, 3], [40, 8, 4], 'segmentation'])
})

test('dust comes before the selection', async () => {
  assert.equal(await values({ dustSizeThreshold: 1, selectedObjIds: '7, 9' }), [
    0n,
    0n,
    0n,
    0n,
    7n,
    7n,
    0n,
    0n,
  ])
})

test('reads the selection from a file or a store', async () => {
  writeFileSync(path.join(folder.path, 'ids.json'), `[${ID + 1n}]`)
  assert.equal(await values({ selectedObjIds: 'ids.json' }), [0n, 0n, 0n, ID + 1n, 0n, 0n, 0n, 0n])
  await (await services.store.open('s3://bucket/list')).write('ids.json', Buffer.from('["9"]'))
  assert.equal(await values({ selectedObjIds: 's3://bucket/list/ids.json' }), [
    0n,
    0n,
    0n,
    0n,
    0n,
    0n,
    0n,
    9n,
  ])
})

test('refuses lists that are none', async () => {
  writeFileSync(path.join(folder.path, 'empty.json'), '[]')
  writeFileSync(path.join(folder.path, 'text.json'), '{"ids": 3}')
  for (const selectedObjIds of ['4,x', '1.5', 'empty.json', 'text.json', 's3://bucket/list/none.json'])
    assert.is(await codeOf(masked({ selectedObjIds })), 'selection-invalid')
  assert.is(await codeOf(masked({}, createChunk(new Float32Array(8), [2, 2, 2]))), 'labels-invalid')
})

test('signed labels keep their sign', async () => {
  const chunk = createChunk(Int32Array.from([-5, -5, 3, 0]), [1, 2, 2])
  assert.equal([...(await masked({ dustSizeThreshold: 1 }, chunk)).data], [-5, -5, 0, 0])
  assert.equal([...(await masked({ dustSizeThreshold: 2 }, chunk)).data], [0, 0, 0, 0])
})

test.run()
