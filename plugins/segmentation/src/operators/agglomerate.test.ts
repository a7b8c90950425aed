import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type Chunk, createChunk, numberToFloat16 } from '@chunkflow/sdk'
import { codeOf, inlineCompute, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import agglomerate from './agglomerate.js'

const test = suite('agglomerate')
const services = { compute: inlineCompute() }
const SHAPE = [22, 120, 140]

const fixture = (name: string): ArrayBuffer => {
  const bytes = gunzipSync(
    readFileSync(new URL(`../../../../test/fixtures/agglomerate/${name}.gz`, import.meta.url)),
  )
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}
const reference = createChunk(new Float32Array(fixture('affinity.f32')), [3, ...SHAPE], {
  voxelOffset: [164, 70, 40],
  voxelSize: [10, 10, 10],
})
const expected = (name: string): Uint32Array => new Uint32Array(fixture(`${name}.u32`))

async function run(
  chunk: Chunk,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
): Promise<Chunk> {
  const { task } = await runOperator(agglomerate, {
    options: options as never,
    variables: { chunk, ...variables },
    services,
  })
  return task.get<Chunk>('chunk')
}
/** How many voxels have another id than the reference. */
const differing = ({ data }: Chunk, name: string): number => {
  const ids = expected(name)
  return (data as BigUint64Array).filter((id, voxel) => id !== BigInt(ids[voxel]!)).length
}

test('the watershed gives the fragments of waterz, id by id', async () => {
  const result = await run(reference, { threshold: 0, affThresholdLow: 0.001 })
  assert.is(differing(result, 'fragments'), 0)
  assert.equal(
    [result.dtype, result.shape, result.voxelOffset, result.voxelSize, result.layerType],
    ['uint64', SHAPE, [164, 70, 40], [10, 10, 10], 'segmentation'],
  )
  assert.ok(result.layerTypeDeclared)
})

for (const tenths of [3, 5, 7])
  test(`merging up to 0.${tenths} gives the segmentation of waterz, id by id`, async () => {
    const result = await run(reference, { threshold: tenths / 10, affThresholdLow: 0.001 })
    assert.is(differing(result, `segmentation_${tenths}`), 0)
  })

test('given fragments are merged as they are and keep their 64-bit ids', async () => {
  const base = 2n ** 63n
  const ids = BigUint64Array.from(expected('fragments'), (id) => (id === 0 ? 0n : base + BigInt(id)))
  const fragments = createChunk(ids, SHAPE, { voxelOffset: reference.voxelOffset })
  const result = await run(reference, { threshold: 0.5, fragmentsChunkName: 'fragments' }, { fragments })
  const merged = expected('segmentation_5')
  assert.ok(
    (result.data as BigUint64Array).every(
      (id, voxel) => id === (merged[voxel] === 0 ? 0n : base + BigInt(merged[voxel]!)),
    ),
  )
})

test('channels come as x, y, z unless they are not flipped', async () => {
  // 4 x 3 x 5, no affinity between sections 1 and 2
  const affinity = new Float32Array(3 * 60).fill(0.9)
  affinity.fill(0, 2 * 60 + 30, 2 * 60 + 45)
  const chunk = createChunk(affinity, [3, 4, 3, 5])
  const ids = async (options: Record<string, unknown>): Promise<number> =>
    new Set((await run(chunk, { threshold: 0.5, ...options })).data as BigUint64Array).size
  assert.is(await ids({}), 2)
  assert.is(await ids({ flipChannel: false }), 1)
})

test('float16 affinities are converted', async () => {
  // representable in 11 bits: both types give the same
  const values = Float32Array.from({ length: 3 * 4 * 5 * 20 }, (_, index) => ((index * 37) % 64) / 64)
  const bits = Uint16Array.from(values, numberToFloat16)
  const wide = await run(createChunk(values, [3, 4, 5, 20]), {})
  const narrow = await run(createChunk(bits, [3, 4, 5, 20], { dtype: 'float16' }), {})
  assert.equal(narrow.data, wide.data)
})

test('refuses what is no affinity map, and fragments that do not fit', async () => {
  for (const chunk of [
    createChunk(new Float32Array(8), [2, 2, 2]),
    createChunk(new Float32Array(16), [2, 2, 2, 2]),
    createChunk(new Uint8Array(24), [3, 2, 2, 2]),
  ])
    assert.is(await codeOf(run(chunk, {})), 'affinity-invalid')
  const chunk = createChunk(new Float32Array(24), [3, 2, 2, 2])
  const start = { fragmentsChunkName: 'fragments' }
  for (const fragments of [
    createChunk(new Uint32Array(4), [1, 2, 2]),
    createChunk(new Float32Array(8), [2, 2, 2]),
  ])
    assert.is(await codeOf(run(chunk, start, { fragments })), 'fragments-invalid')
  assert.is(await codeOf(run(chunk, { affThresholdLow: 0.5, affThresholdHigh: 0.5 })), 'affinity-thresholds')
})

test('the planner knows what comes out and what cannot go in', () => {
  const options = { affThresholdLow: 0.001, affThresholdHigh: 0.9999 } as never
  const infer = (type: object) => agglomerate.infer!({ inputChunkName: { kind: 'chunk', ...type } }, options)
  assert.equal(infer({ shape: [3, 4, 5, 6] }).outputChunkName, {
    kind: 'chunk',
    dtype: 'uint64',
    rank: 3,
    layerType: 'segmentation',
    layerTypeDeclared: true,
    shape: [4, 5, 6],
  })
  for (const type of [{ rank: 3 }, { dtype: 'uint8' }, { shape: [1, 4, 5, 6] }])
    assert.throws(() => infer(type), /affinity maps of 3 channels/)
  assert.throws(() => infer({ shape: [3, 1024, 1024, 1024] }), /4 GiB/)
})

test.run()
