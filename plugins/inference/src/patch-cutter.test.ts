import { type Chunk, channelCount, type Dtype, integerMaximum, isInteger, zyx } from '@chunkflow/sdk'
import { inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openPatchCutter } from './patch-cutter.js'

const test = suite('patch cutter')

const SIZE = [4, 7, 45] as const
const PATCH = zyx(3, 4, 37)

async function cutAll(chunk: Chunk, inputChannels: number, postableBytes?: number): Promise<number[][]> {
  const cutter = await openPatchCutter(inlineCompute(), chunk, {
    patchSize: PATCH,
    inputChannels,
    ...(postableBytes === undefined ? {} : { postableBytes }),
  })
  const patches: number[][] = []
  for (const start of [zyx(0, 0, 0), zyx(0, 0, 8), zyx(0, 3, 1), zyx(1, 3, 5)]) {
    const slot = new Float32Array(inputChannels * 3 * 4 * 37)
    await cutter.cut(start, slot)
    patches.push([...slot])
  }
  await cutter.close()
  return patches
}

/** Value of a voxel of the chunk as the model should see it. */
function expected(chunk: Chunk, inputChannels: number): number[][] {
  const divisor = isInteger(chunk.dtype) ? Number(integerMaximum(chunk.dtype)) : 1
  return [zyx(0, 0, 0), zyx(0, 0, 8), zyx(0, 3, 1), zyx(1, 3, 5)].map(([z0, y0, x0]) => {
    const values: number[] = []
    for (let channel = 0; channel < inputChannels; channel++)
      for (let z = z0; z < z0 + 3; z++)
        for (let y = y0; y < y0 + 4; y++)
          for (let x = x0; x < x0 + 37; x++) {
            const from = channelCount(chunk) === 1 ? 0 : channel
            const value = Number(chunk.data[((from * 4 + z) * 7 + y) * 45 + x])
            values.push(Math.fround(Math.fround(value) / Math.fround(divisor)))
          }
    return values
  })
}

const DTYPES: readonly Dtype[] = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
  'float32',
  'float64',
  'bool',
]
for (const dtype of DTYPES)
  test(`scales ${dtype} as one division in float32`, async () => {
    const chunk = randomChunk(SIZE, { dtype, voxelOffset: [5, -2, 9] }, { limit: 120 })
    assert.equal(await cutAll(chunk, 1), expected(chunk, 1))
  })

test('decodes float16', async () => {
  const chunk = randomChunk(SIZE, { dtype: 'float16' }, { limit: 1 })
  const data = chunk.data as Uint16Array
  data.set([0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x8000, 0x7c00])
  const patches = await cutAll(chunk, 1)
  const values = [1, -2, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, -0, Number.POSITIVE_INFINITY]
  assert.equal(patches[0]!.slice(0, 7), values)
})

test('repeats one channel and keeps several', async () => {
  const one = randomChunk(SIZE, { dtype: 'uint8' })
  assert.equal(await cutAll(one, 3), expected(one, 3))
  const several = randomChunk([2, ...SIZE], { dtype: 'uint16' })
  assert.equal(await cutAll(several, 2), expected(several, 2))
})

test('cuts the same from a chunk too large to post', async () => {
  const chunk = randomChunk([2, ...SIZE], { dtype: 'uint16' })
  assert.equal(await cutAll(chunk, 2, 1000), expected(chunk, 2))
})

test.run()
