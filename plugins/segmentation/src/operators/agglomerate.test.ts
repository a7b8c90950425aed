import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type Chunk, createChunk, isChunkflowError } from '@chunkflow/sdk'
import { inlineCompute, randomChunk, runOperator } from '@chunkflow/sdk/testing'
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

/** True when labels correspond one to one, 0 to 0. */
function samePartition(ours: ArrayLike<bigint>, theirs: Uint32Array): boolean {
  const forward = new Map<bigint, number>([[0n, 0]])
  const backward = new Map<number, bigint>([[0, 0n]])
  for (let index = 0; index < theirs.length; index++) {
    const [a, b] = [ours[index]!, theirs[index]!]
    if (!forward.has(a)) forward.set(a, b)
    if (!backward.has(b)) backward.set(b, a)
    if (forward.get(a) !== b || backward.get(b) !== a) return false
  }
  return true
}

test('the watershed gives the reference fragments, id by id', async () => {
  const result = await run(reference, { threshold: 0, affThresholdLow: 0.001 })
  assert.equal(
    [result.dtype, result.shape, result.voxelOffset, result.layerType],
    ['uint64', SHAPE, [164, 70, 40], 'segmentation'],
  )
  const fragments = expected('fragments')
  let differing = 0
  for (let index = 0; index < fragments.length; index++)
    if (result.data[index] !== BigInt(fragments[index]!)) differing++
  assert.is(differing, 0)
})

for (const [threshold, name] of [
  [0.3, 'segmentation_3'],
  [0.5, 'segmentation_5'],
  [0.7, 'segmentation_7'],
] as const)
  test(`merging up to ${threshold} gives the reference partition`, async () => {
    const result = await run(reference, { threshold, affThresholdLow: 0.001 })
    assert.ok(samePartition(result.data as BigUint64Array, expected(name)))
  })

test('given fragments keep their 64-bit ids', async () => {
  const base = 2n ** 63n
  const fragments = createChunk(
    BigUint64Array.from(expected('fragments'), (id) => (id === 0 ? 0n : base + BigInt(id))),
    SHAPE,
  )
  const result = await run(reference, { threshold: 0.5, fragmentsChunkName: 'fragments' }, { fragments })
  assert.ok(samePartition(result.data as BigUint64Array, expected('segmentation_5')))
  assert.ok((result.data as BigUint64Array).every((id) => id === 0n || id > base))
})

test('channel order: a wall along z splits only when z is read from the right channel', async () => {
  // 4 x 3 x 5, no affinity between planes 1 and 2
  const affinity = new Float32Array(3 * 60).fill(0.9)
  for (let index = 0; index < 15; index++) affinity[2 * 60 + 2 * 15 + index] = 0
  const chunk = createChunk(affinity, [3, 4, 3, 5])
  const ids = async (options: Record<string, unknown>): Promise<number> =>
    new Set((await run(chunk, { threshold: 0.5, ...options })).data as BigUint64Array).size
  assert.is(await ids({}), 2)
  assert.is(await ids({ flipChannel: false }), 1)
})

test('regions are unions of fragments, on noise', async () => {
  const noise = randomChunk([3, 6, 17, 23], { dtype: 'float32' }, { seed: 5 })
  const fragments = (await run(noise, { threshold: 0 })).data as BigUint64Array
  const merged = (await run(noise, { threshold: 0.45 })).data as BigUint64Array
  const owner = new Map<bigint, bigint>()
  fragments.forEach((id, index) => {
    if (!owner.has(id)) owner.set(id, merged[index]!)
    assert.is(owner.get(id), merged[index])
  })
  assert.ok(new Set(merged).size < new Set(fragments).size)
})

test('refuses what is no affinity map', async () => {
  for (const chunk of [
    createChunk(new Float32Array(8), [2, 2, 2]),
    createChunk(new Float32Array(16), [2, 2, 2, 2]),
    createChunk(new Uint8Array(24), [3, 2, 2, 2]),
  ])
    try {
      await run(chunk, {})
      assert.unreachable()
    } catch (error) {
      assert.ok(isChunkflowError(error) && error.code === 'affinity-invalid', String(error))
    }
})

test.run()
