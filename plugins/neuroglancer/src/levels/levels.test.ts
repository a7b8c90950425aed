import {
  allocate,
  boundingBox,
  boxFromSize,
  chunkBox,
  createChunk,
  cutout,
  formatBox,
  type TypedArray,
  type Volume,
  zyx,
} from '@chunkflow/sdk'
import { downsampleChunk } from '@chunkflow/sdk/numerics'
import { inlineCompute, ODD_PLACEMENT, ODD_SHAPE, rampChunk, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createBlockCache } from './block-cache.js'
import { chunkLevels } from './chunk-levels.js'
import { blockSizeFor } from './level-source.js'
import { createScratch } from './scratch.js'
import { volumeLevels } from './volume-levels.js'

const test = suite('levels')
const shared = () => ({
  cache: createBlockCache(2 ** 20),
  scratch: createScratch(),
  services: { compute: inlineCompute() },
})
/** A copy on memory that is not shared. */
const own = (data: TypedArray): TypedArray => data.slice()
const array = (data: TypedArray): number[] => Array.from(data as Uint8Array, Number)

test('the finest level is the chunk itself, any part of it', async () => {
  const chunk = rampChunk([2, ...ODD_SHAPE], { dtype: 'uint16', ...ODD_PLACEMENT })
  const source = chunkLevels(chunk, { name: 'a', voxelSizeNm: zyx(40, 8, 4), kind: 'average', ...shared() })
  assert.is(source.levels.length, 1)
  assert.is(formatBox(source.levels[0]!.box), '7-12_-3-6_11-25')
  const box = boundingBox(zyx(8, -1, 15), zyx(10, 2, 18))
  assert.equal(array(await source.read(0, box)), array(cutout(chunk, box).data))
})

test('halves the finest axes until one block holds everything, and never an axis of one voxel', () => {
  const of = (shape: readonly number[], size: readonly [number, number, number]) =>
    chunkLevels(
      createChunk(
        allocate(
          'uint8',
          shape.reduce((a, b) => a * b, 1),
        ),
        shape,
        { dtype: 'uint8' },
      ),
      {
        name: 'a',
        voxelSizeNm: size,
        kind: 'average',
        ...shared(),
      },
    ).levels.map(({ box, voxelSizeNm }) => `${formatBox(box)} at ${voxelSizeNm.join(' ')}`)
  assert.equal(of([30, 200, 150], [30, 6, 6]), [
    '0-30_0-200_0-150 at 30 6 6',
    '0-30_0-100_0-75 at 30 12 12',
    '0-30_0-50_0-38 at 30 24 24',
  ])
  assert.equal(of([1, 100, 100], [1, 4, 4]), ['0-1_0-100_0-100 at 1 4 4', '0-1_0-50_0-50 at 1 8 8'])
})

test('coarse voxels lie on the global grid: a low face that cuts one counts only what is there', async () => {
  // 66 voxels along x from 3 on: coarse voxel 1 covers 2 and 3, of which only 3 exists
  const chunk = rampChunk([1, 1, 66], { dtype: 'uint8', voxelOffset: [0, 0, 3] })
  const source = chunkLevels(chunk, { name: 'a', voxelSizeNm: zyx(1, 1, 1), kind: 'average', ...shared() })
  const { box } = source.levels[1]!
  assert.is(formatBox(box), '0-1_0-1_1-35')
  const values = array(await source.read(1, box))
  // value of voxel x is x - 3; voxels 4 and 5 have 1 and 2, their mean is truncated
  assert.equal(values.slice(0, 4), [0, 1, 3, 5])
  assert.is(values.at(-1), 65)
})

test('the mode keeps ids exact, whatever part is asked for', async () => {
  const huge = 2n ** 63n + 12345n
  const data = allocate('uint64', 66 * 4 * 4) as BigUint64Array
  data.fill(huge)
  data.fill(7n, 0, 16)
  const chunk = createChunk(data, [66, 4, 4], { dtype: 'uint64', voxelOffset: [1, 2, 3] })
  const source = chunkLevels(chunk, { name: 'a', voxelSizeNm: zyx(1, 1, 1), kind: 'mode', ...shared() })
  const { box } = source.levels[1]!
  assert.is(formatBox(box), '0-34_1-3_1-4')
  const voxels = (await source.read(1, box)) as BigUint64Array
  assert.equal(voxels.slice(0, 6), new BigUint64Array(6).fill(7n))
  assert.equal(voxels.slice(6), new BigUint64Array(33 * 6).fill(huge))
  const part = await source.read(1, boxFromSize(zyx(20, 1, 2), zyx(2, 1, 1)))
  assert.equal(part, BigUint64Array.of(huge, huge))
})

test('levels above levels agree with the mean of what they cover', async () => {
  const chunk = randomChunk([70, 130, 260], { dtype: 'float32', voxelOffset: [-4, 8, 16] }, { seed: 3 })
  const source = chunkLevels(chunk, { name: 'a', voxelSizeNm: zyx(1, 1, 1), kind: 'average', ...shared() })
  assert.is(source.levels.length, 4)
  const values = (await source.read(2, boxFromSize(zyx(3, 10, 20), zyx(1, 1, 1)))) as Float32Array
  const covered = cutout(chunk, boxFromSize(zyx(12, 40, 80), zyx(4, 4, 4))).data as Float32Array
  assert.ok(Math.abs(values[0]! - covered.reduce((sum, value) => sum + value, 0) / 64) < 1e-5)
})

test('levels are those of the whole chunk, whatever parts they were made of', async () => {
  for (const [shape, dtype, kind] of [
    [[70, 138, 260], 'uint64', 'mode'],
    [[2, 37, 138, 202], 'uint16', 'average'],
    [[3, 38, 140, 264], 'float32', 'average'],
  ] as const) {
    const chunk = randomChunk(shape, { dtype, voxelOffset: [-4, 8, 16], layerType: 'image' }, { seed: 5 })
    const resources = shared()
    const source = chunkLevels(chunk, { name: 'a', voxelSizeNm: zyx(9, 9, 9), kind, ...resources })
    assert.ok(source.levels.length > 2)
    let expected = chunk
    for (const level of [1, 2]) {
      expected = await downsampleChunk(expected, zyx(2, 2, 2), resources.services, kind)
      const { box } = source.levels[level]!
      assert.is(formatBox(box), formatBox(chunkBox(expected)))
      assert.equal(await source.read(level, box), own(expected.data), `${shape} ${dtype} level ${level}`)
    }
  }
})

test('making the coarsest block takes little memory beside the blocks themselves', async () => {
  const chunk = randomChunk([130, 260, 136], { dtype: 'uint64', voxelOffset: [3, 5, 7] }, { seed: 2 })
  const resources = shared()
  const source = chunkLevels(chunk, { name: 'a', voxelSizeNm: zyx(1, 1, 1), kind: 'mode', ...resources })
  await source.read(source.levels.length - 1, source.levels.at(-1)!.box)
  // a part of at most 2 MiB and what becomes of it; eight blocks of 1 MiB lie below one
  assert.ok(resources.scratch.bytes < 3 * 2 ** 20, `${resources.scratch.bytes} bytes of scratch`)
})

test('blocks with many channels are smaller', () => {
  assert.equal(blockSizeFor(1, 'uint32'), [64, 64, 64])
  assert.equal(blockSizeFor(1, 'uint64'), [32, 64, 64])
  assert.equal(blockSizeFor(3, 'float32'), [32, 32, 64])
  assert.equal(blockSizeFor(64, 'float32'), [16, 16, 16])
})

test('the cache makes a block once, and gives up the one used longest ago', async () => {
  const cache = createBlockCache(20)
  let made = 0
  const make = (value: number) => async () => {
    made++
    return Uint8Array.of(value, 0, 0, 0, 0, 0, 0, 0)
  }
  const [one, same] = await Promise.all([cache.get('a', make(1)), cache.get('a', make(9))])
  assert.is(one, same)
  await cache.get('b', make(2))
  await cache.get('a', make(9))
  await cache.get('c', make(3))
  assert.is(cache.bytes, 16)
  assert.is((await cache.get('a', make(9)))[0], 1)
  assert.is(made, 3)
  assert.is((await cache.get('b', make(8)))[0], 8)
  const failing = async (): Promise<TypedArray> => {
    throw new Error('broken')
  }
  assert.is(await cache.get('d', failing).catch((error: Error) => error.message), 'broken')
  assert.is((await cache.get('d', make(4)))[0], 4)
})

test('a volume is read block by block, once', async () => {
  const chunk = rampChunk([6, 7, 8], { dtype: 'uint8', voxelOffset: [10, 20, 30] })
  const reads: string[] = []
  const volume = {
    description: {
      channels: 1,
      dtype: 'uint8',
      layerType: 'image',
      scales: [{ mip: 0, box: chunkBox(chunk), blockSize: zyx(4, 4, 4), voxelSizeNm: zyx(40, 4, 4) }],
    },
    read: async ({ box }: { box: ReturnType<typeof chunkBox> }) => {
      reads.push(formatBox(box))
      return cutout(chunk, box)
    },
  } as unknown as Volume
  const source = volumeLevels(volume, {
    name: 'v',
    cache: createBlockCache(2 ** 16),
    voxelSizeNm: zyx(30, 6, 6),
  })
  assert.equal(source.levels[0]!.voxelSizeNm, [30, 6, 6])
  const box = boundingBox(zyx(13, 21, 33), zyx(15, 23, 35))
  assert.equal(array(await source.read(0, box)), array(cutout(chunk, box).data))
  assert.equal(reads, ['10-14_20-24_30-34', '10-14_20-24_34-38', '14-16_20-24_30-34', '14-16_20-24_34-38'])
  await source.read(0, box)
  assert.is(reads.length, 4)
})

test.run()
