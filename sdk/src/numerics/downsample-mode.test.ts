import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { allocate, type Dtype, isBigDtype, type TypedArray, type Zyx } from '@chunkflow/kernel/authoring'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../testing/chunk-builders.js'
import { inlineCompute } from '../testing/inline-compute.js'
import { modeLevel } from './downsample-mode.js'

const test = suite('mode downsampling')
const services = { compute: { ...inlineCompute(), concurrency: 3 } }

/** The rule of one block, voxels in the order 000, +x, +y, +x+y, +z, ... */
function modeOf(block: readonly (number | bigint)[]): number | bigint {
  const [a, b, c, d] = block
  if (block.length === 4) return a === b || a === c ? a! : b === c ? b! : d!
  const votes = block.map((label) => block.filter((other) => other === label).length)
  return block[votes.indexOf(Math.max(...votes))]!
}

/** Halves axes with a factor of 2; blocks repeat the last voxel of an odd end. */
function halve(
  data: TypedArray,
  [nz, ny, nx]: Zyx,
  channels: number,
  [fz, fy, fx]: Zyx,
): (number | bigint)[] {
  const result: (number | bigint)[] = []
  for (let c = 0; c < channels; c++)
    for (let z = 0; z < nz; z += fz)
      for (let y = 0; y < ny; y += fy)
        for (let x = 0; x < nx; x += fx) {
          const block: (number | bigint)[] = []
          for (let dz = 0; dz < fz; dz++)
            for (let dy = 0; dy < fy; dy++)
              for (let dx = 0; dx < fx; dx++) {
                const row = (c * nz + Math.min(z + dz, nz - 1)) * ny + Math.min(y + dy, ny - 1)
                block.push(data[row * nx + Math.min(x + dx, nx - 1)]!)
              }
          result.push(modeOf(block))
        }
  return result
}

/** Two or three labels, so that ties are common; 64-bit ones differ in the high word. */
function fewLabels(dtype: Dtype, length: number, seed: number): TypedArray {
  const random = seededRandom(seed)
  const kinds = 2 + Math.floor(random() * 3)
  const data = allocate(dtype, length)
  for (let index = 0; index < length; index++) {
    const label = Math.floor(random() * kinds)
    data[index] = isBigDtype(dtype) ? BigInt(label) << 33n : label
  }
  return data
}

test('decides ties by position', async () => {
  const square = async (...labels: number[]): Promise<number> =>
    Number((await modeLevel(Uint32Array.from(labels), 'uint32', [1, 2, 2], 1, [1, 2, 2], services))[0])
  assert.is(await square(1, 1, 2, 2), 1)
  assert.is(await square(1, 2, 1, 2), 1)
  assert.is(await square(1, 2, 2, 1), 2)
  assert.is(await square(1, 2, 3, 4), 4)
  const cube = async (...labels: number[]): Promise<number> =>
    Number((await modeLevel(Uint32Array.from(labels), 'uint32', [2, 2, 2], 1, [2, 2, 2], services))[0])
  assert.is(await cube(1, 2, 3, 4, 5, 6, 7, 8), 1)
  assert.is(await cube(1, 2, 3, 4, 5, 6, 4, 2), 2)
  assert.is(await cube(0, 9, 0, 9, 9, 0, 9, 0), 0)
  assert.is(await cube(1, 2, 3, 4, 5, 6, 8, 8), 8)
})

test('makes the coarser level of a published segmentation', async () => {
  const load = (name: string): Uint32Array => {
    const bytes = gunzipSync(readFileSync(new URL(`../../../test/fixtures/pinky40/${name}`, import.meta.url)))
    return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  }
  const fine = load('labels_16nm.u32.gz')
  const expected = load('labels_32nm.u32.gz')
  assert.equal(await modeLevel(fine, 'uint32', [4, 96, 160], 1, [1, 2, 2], services), sharedCopy(expected))
  const wide = BigUint64Array.from(fine, (label) => (BigInt(label) << 32n) + 5n)
  const coarse = await modeLevel(wide, 'uint64', [4, 96, 160], 1, [1, 2, 2], services)
  assert.equal(
    [...coarse],
    Array.from(expected, (label) => (BigInt(label) << 32n) + 5n),
  )
})

function sharedCopy(data: Uint32Array): TypedArray {
  const copy = allocate('uint32', data.length) as Uint32Array
  copy.set(data)
  return copy
}

test('follows the rule for every width, odd ends, channels and division into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        dtype: fc.constantFrom('bool', 'uint8', 'int16', 'uint32', 'int64', 'uint64') as fc.Arbitrary<Dtype>,
        size: fc.tuple(
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 7 }),
          fc.integer({ min: 1, max: 70 }),
        ),
        channels: fc.integer({ min: 1, max: 2 }),
        factor: fc.constantFrom([1, 2, 2], [2, 1, 2], [2, 2, 1], [2, 2, 2]) as unknown as fc.Arbitrary<Zyx>,
        pieceBytes: fc.integer({ min: 1, max: 3000 }),
        seed: fc.integer(),
      }),
      async ({ dtype, size, channels, factor, pieceBytes, seed }) => {
        const data = fewLabels(dtype, channels * size[0] * size[1] * size[2], seed)
        const coarse = await modeLevel(data, dtype, size, channels, factor, services, { pieceBytes })
        assert.equal([...coarse], halve(data, size, channels, factor))
      },
    ),
    { numRuns: 400 },
  )
})

test('repeats for higher powers of two and strides for the rest', async () => {
  const size = [5, 9, 14] as const
  const data = fewLabels('uint32', 5 * 9 * 14, 7)
  const once = Uint32Array.from(halve(data, size, 1, [2, 2, 2]) as number[])
  const twice = halve(once, [3, 5, 7], 1, [1, 2, 2])
  assert.equal([...(await modeLevel(data, 'uint32', size, 1, [2, 4, 4], services))], twice)
  const ramp = Uint16Array.from({ length: 2 * 3 * 7 }, (_, index) => index)
  assert.equal(
    [...(await modeLevel(ramp, 'uint16', [2, 3, 7], 1, [1, 2, 3], services))],
    [0, 3, 6, 14, 17, 20, 21, 24, 27, 35, 38, 41],
  )
  assert.equal(
    [...(await modeLevel(ramp, 'uint16', [2, 3, 7], 1, [2, 1, 1], services))],
    [...ramp.subarray(0, 21)],
  )
})

test.run()
