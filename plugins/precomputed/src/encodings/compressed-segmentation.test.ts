import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { allocate, type BlockShape, type TypedArray } from '@chunkflow/sdk'
import { askPython, inlineCompute, seededRandom, temporaryFolder } from '@chunkflow/sdk/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compressedSegmentation } from './compressed-segmentation.js'

const test = suite('compressed_segmentation')
const encoding = compressedSegmentation(inlineCompute())
test.after(() => encoding.dispose())

type Shape = readonly [number, number, number, number]
const blockOf = (dtype: 'uint32' | 'uint64', shapeCzyx: Shape, innerXyz: readonly number[]): BlockShape => ({
  dtype,
  shapeCzyx,
  settings: { compressed_segmentation_block_size: innerXyz },
})
const count = (shape: Shape): number => shape.reduce((left, right) => left * right, 1)

/** Labels in patches, from all over the range of the type. */
function labels(dtype: 'uint32' | 'uint64', shape: Shape, different: number, seed = 1): TypedArray {
  const random = seededRandom(seed)
  const table = Array.from({ length: different }, (_, index) => {
    const low = BigInt(Math.floor(random() * 2 ** 32))
    const high = BigInt(Math.floor(random() * 2 ** 32))
    return index === 0 ? 0n : index === 1 ? (1n << 64n) - 1n : (high << 32n) | low
  })
  const data = allocate(dtype, count(shape))
  let current = 0
  for (let index = 0; index < data.length; index++) {
    if (random() < 0.3) current = Math.floor(random() * different)
    data[index] = dtype === 'uint64' ? table[current]! : Number(table[current]! & 0xffffffffn)
  }
  return data
}
async function roundTrip(voxels: TypedArray, block: BlockShape): Promise<Uint8Array> {
  const bytes = await encoding.encode(voxels, block)
  const target = allocate(block.dtype, voxels.length)
  new Uint8Array(target.buffer).fill(7)
  await encoding.decode(bytes, block, target)
  assert.equal(target, voxels)
  return bytes
}

test('encodes a block of two values as the specification says', async () => {
  // 4×2×2 (xyz) voxels, inner blocks 2×2×2: the first has 5 and 9, the second only 9
  const voxels = allocate('uint32', 16)
  ;(voxels as Uint32Array).set([9, 5, 9, 9, 5, 9, 9, 9, 9, 9, 9, 9, 9, 5, 9, 9])
  const bytes = await encoding.encode(voxels, blockOf('uint32', [1, 2, 2, 4], [2, 2, 2]))
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  // z0: 9 5 / 5 9, z1: 9 9 / 9 5; indices into [5, 9], x fastest: 1 0 0 1 1 1 1 0
  assert.equal([...words], [1, (1 << 24) | 5, 4, 7, 7, 0b01111001, 5, 9, 9])
})

test('gives back what it got: dtypes, channels, ragged ends, block sizes, many labels', async () => {
  for (const dtype of ['uint32', 'uint64'] as const)
    for (const different of [1, 2, 3, 17, 300]) {
      await roundTrip(labels(dtype, [1, 5, 9, 14], different), blockOf(dtype, [1, 5, 9, 14], [8, 8, 8]))
      await roundTrip(labels(dtype, [3, 9, 17, 6], different), blockOf(dtype, [3, 9, 17, 6], [3, 5, 2]))
      await roundTrip(labels(dtype, [2, 8, 8, 16], different), blockOf(dtype, [2, 8, 8, 16], [16, 4, 8]))
    }
  const noise = labels('uint64', [1, 32, 64, 65], 120000)
  await roundTrip(noise, blockOf('uint64', [1, 32, 64, 65], [65, 64, 32]))
})

test('gives back anything', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
      ),
      fc.tuple(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
      ),
      fc.integer({ min: 1, max: 40 }),
      fc.integer(),
      async (shape, inner, different, seed) => {
        const dtype = seed % 2 === 0 ? 'uint32' : 'uint64'
        await roundTrip(labels(dtype, shape, different, seed), blockOf(dtype, shape, inner))
      },
    ),
    { numRuns: 150 },
  )
})

test('leaves its results to the garbage collector, which does not see shared memory', async () => {
  const bytes = await encoding.encode(
    labels('uint64', [1, 8, 9, 10], 5),
    blockOf('uint64', [1, 8, 9, 10], [8, 8, 8]),
  )
  assert.instance(bytes.buffer, ArrayBuffer)
})

test('stores equal tables once', async () => {
  const one = await roundTrip(allocate('uint64', 64 ** 3), blockOf('uint64', [1, 64, 64, 64], [8, 8, 8]))
  assert.is(one.length, 4 + 512 * 8 + 8)
})

test('refuses other types and impossible block sizes', () => {
  const block = blockOf('uint32', [1, 8, 8, 8], [8, 8, 8])
  assert.is(encoding.refuses(block), undefined)
  assert.match(encoding.refuses({ ...block, dtype: 'uint8' })!, 'not uint8')
  assert.match(encoding.refuses(blockOf('uint32', [1, 8, 8, 8], [8, 0, 8]))!, '[8,0,8]')
  assert.match(encoding.refuses(blockOf('uint64', [4, 512, 512, 512], [8, 8, 8]))!, '1 GiB')
})

test('refuses damaged files, never reads beyond them', async () => {
  const block = blockOf('uint64', [2, 5, 9, 14], [8, 8, 8])
  const voxels = labels('uint64', [2, 5, 9, 14], 12)
  const good = Uint8Array.from(await encoding.encode(voxels, block))
  const target = allocate('uint64', voxels.length)
  const random = seededRandom(3)
  let refused = 0
  for (let round = 0; round < 300; round++) {
    const bytes = good.slice(0, round % 3 === 0 ? Math.floor(random() * good.length) : good.length)
    for (let hit = 0; hit < 3 && bytes.length > 0; hit++)
      bytes[Math.floor(random() * Math.min(bytes.length, 120))] = Math.floor(random() * 256)
    try {
      await encoding.decode(bytes, block, target)
    } catch (error) {
      assert.instance(error, RangeError)
      assert.match((error as Error).message, 'compressed_segmentation: ')
      refused += 1
    }
  }
  assert.ok(refused > 100, `${refused} of 300 damaged files were refused`)
  const header = new Uint32Array(good.slice().buffer)
  header[header[0]!] = 3 << 24
  try {
    await encoding.decode(new Uint8Array(header.buffer), block, target)
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, 'impossible number of bits')
  }
})

/** A decoder written from the format's description, in NumPy. */
const PYTHON = `
import sys, numpy as np
def decode(words, channels, size, block, wide):
    nx, ny, nz = size
    bx, by, bz = block
    grid = [-(-n // b) for n, b in zip(size, block)]
    out = np.zeros((channels, nz, ny, nx), np.uint64)
    for c in range(channels):
        data = words[words[c]:]
        for k in range(grid[2]):
            for j in range(grid[1]):
                for i in range(grid[0]):
                    n = i + grid[0] * (j + grid[1] * k)
                    table, packed = int(data[2 * n]) & 0xffffff, int(data[2 * n + 1])
                    bits = int(data[2 * n]) >> 24
                    position = np.arange(bx * by * bz)
                    if bits == 0:
                        index = np.zeros(len(position), np.int64)
                    else:
                        at = position * bits
                        index = (data[packed + at // 32].astype(np.int64) >> (at % 32)) & ((1 << bits) - 1)
                    if wide:
                        low = data[table + 2 * index].astype(np.uint64)
                        high = data[table + 2 * index + 1].astype(np.uint64)
                        values = low | (high << np.uint64(32))
                    else:
                        values = data[table + index].astype(np.uint64)
                    part = out[c, k*bz:(k+1)*bz, j*by:(j+1)*by, i*bx:(i+1)*bx]
                    part[:] = values.reshape(bz, by, bx)[:part.shape[0], :part.shape[1], :part.shape[2]]
    return out
numbers = [int(a) for a in sys.argv[3:]]
channels, size, block, wide = numbers[0], numbers[1:4], numbers[4:7], numbers[7] == 1
words = np.fromfile(sys.argv[1], '<u4')
truth = np.fromfile(sys.argv[2], '<u8' if wide else '<u4').astype(np.uint64)
found = decode(words, channels, size, block, wide)
print('equal' if np.array_equal(found.ravel(), truth) else 'different')
`

test('an independent decoder reads it', async () => {
  const folder = temporaryFolder()
  try {
    for (const [dtype, shape, inner, different] of [
      ['uint32', [2, 5, 9, 14], [8, 8, 8], 5],
      ['uint64', [1, 12, 20, 17], [4, 8, 2], 700],
      ['uint64', [1, 16, 16, 16], [16, 16, 16], 3000],
    ] as const) {
      const voxels = labels(dtype, shape, different)
      const bytes = await encoding.encode(voxels, blockOf(dtype, shape, inner))
      const [file, truth] = [path.join(folder.path, 'block'), path.join(folder.path, 'truth')]
      writeFileSync(file, bytes)
      writeFileSync(truth, new Uint8Array(voxels.buffer))
      const [channels, z, y, x] = shape
      const numbers = [channels, x, y, z, ...inner, dtype === 'uint64' ? 1 : 0].map(String)
      const answer = askPython(['numpy'], PYTHON, { args: [file, truth, ...numbers] })
      if (answer === null) return
      assert.is(answer, 'equal')
    }
  } finally {
    folder.remove()
  }
})

test.run()
