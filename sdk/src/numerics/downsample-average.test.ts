import {
  allocate,
  type Dtype,
  float16ToNumber,
  isFloat,
  numberToFloat16,
  type TypedArray,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../testing/chunk-builders.js'
import { inlineCompute } from '../testing/inline-compute.js'
import { averagePyramid } from './downsample-average.js'

const test = suite('average downsampling')
const services = { compute: inlineCompute() }

/** Means of the voxels that each block has, in float64. */
function means(data: ArrayLike<number>, [nz, ny, nx]: Zyx, channels: number, [fz, fy, fx]: Zyx): number[] {
  const result: number[] = []
  for (let c = 0; c < channels; c++)
    for (let z = 0; z < nz; z += fz)
      for (let y = 0; y < ny; y += fy)
        for (let x = 0; x < nx; x += fx) {
          let sum = 0
          let count = 0
          for (let k = z; k < Math.min(nz, z + fz); k++)
            for (let j = y; j < Math.min(ny, y + fy); j++)
              for (let i = x; i < Math.min(nx, x + fx); i++, count++)
                sum += data[((c * nz + k) * ny + j) * nx + i]!
          result.push(sum / count)
        }
  return result
}

const coarser = (size: Zyx, factor: Zyx): Zyx =>
  size.map((length, axis) => Math.ceil(length / factor[axis]!)) as unknown as Zyx

function randomVoxels(dtype: Dtype, length: number, seed: number): TypedArray {
  const random = seededRandom(seed)
  const data = allocate(dtype, length)
  // wraps to the whole range of the integers; floats are multiples of 1/8 whose sums are exact
  for (let index = 0; index < length; index++)
    data[index] = isFloat(dtype) ? Math.floor((random() - 0.5) * 2000) / 8 : Math.floor(random() * 65536)
  return data
}

test('truncates whole numbers towards zero', async () => {
  const average = async (data: TypedArray, dtype: Dtype): Promise<number> =>
    Number((await averagePyramid(data, dtype, [1, 2, 2], 1, [1, 2, 2], 1, services))[0]![0])
  assert.is(await average(new Uint8Array([255, 255, 255, 254]), 'uint8'), 254)
  assert.is(await average(new Int8Array([-1, -1, -1, 0]), 'int8'), 0)
  assert.is(await average(new Int16Array([-5, -5, -5, -6]), 'int16'), -5)
  assert.is(await average(new Float32Array([1, 2, 4, 8]), 'float32'), 3.75)
})

test('counts overhanging blocks by what they have, and never rounds between levels', async () => {
  // 5 voxels: 10 20 | 30 41 | 51 -> 15 35 51, then (10+20+30+41)/4 = 25.25 and 51, then (4 * 25.25 + 4 * 51) / 8
  const [one, two, three] = await averagePyramid(
    new Uint8Array([10, 20, 30, 41, 51]),
    'uint8',
    [1, 1, 5],
    1,
    [1, 1, 2],
    3,
    services,
  )
  assert.equal([...one!], [15, 35, 51])
  assert.equal([...two!], [25, 51])
  assert.equal([...three!], [38])
})

test('agrees with means of the original voxels at every level', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        dtype: fc.constantFrom(
          'uint8',
          'int8',
          'uint16',
          'int16',
          'float32',
          'float64',
        ) as fc.Arbitrary<Dtype>,
        size: fc.tuple(
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 80 }),
        ),
        channels: fc.integer({ min: 1, max: 2 }),
        factor: fc.tuple(
          fc.integer({ min: 1, max: 2 }),
          fc.integer({ min: 1, max: 2 }),
          fc.integer({ min: 1, max: 2 }),
        ),
        levels: fc.integer({ min: 1, max: 4 }),
        pieceBytes: fc.integer({ min: 1, max: 3000 }),
        seed: fc.integer(),
      }),
      async ({ dtype, size, channels, factor, levels, pieceBytes, seed }) => {
        const data = randomVoxels(dtype, channels * size[0] * size[1] * size[2], seed)
        const pyramid = await averagePyramid(data, dtype, size, channels, factor, levels, services, {
          pieceBytes,
        })
        let expected = Array.from(data as Float64Array)
        let finer: Zyx = size
        for (const level of pyramid) {
          expected = means(expected, finer, channels, factor)
          finer = coarser(finer, factor)
          assert.equal([...level], isFloat(dtype) ? expected : expected.map((mean) => Math.trunc(mean) + 0))
        }
        assert.is(pyramid.length, levels)
      },
    ),
    { numRuns: 300 },
  )
})

test('keeps exact sums when they no longer fit 32 bits', async () => {
  const size = [3, 70, 600] as const
  const data = new Uint16Array(3 * 70 * 600).fill(65535)
  data[0] = 65534
  const pyramid = await averagePyramid(data, 'uint16', size, 1, [2, 2, 2], 8, services)
  assert.equal(
    pyramid.map((level) => level[0]),
    Array(8).fill(65534),
  )
  assert.equal([...pyramid[7]!], [65534, 65535, 65535])
})

test('averages other factors over the voxels present', async () => {
  const data = Uint8Array.from({ length: 7 }, (_, index) => index * 10)
  const [one, two] = await averagePyramid(data, 'uint8', [1, 1, 7], 1, [1, 1, 3], 2, services)
  // 0 10 20 | 30 40 50 | 60; then the mean of 10, 40 and 60
  assert.equal([...one!], [10, 40, 60])
  assert.equal([...two!], [36])
})

test('reads and writes float16 bits', async () => {
  const bits = Uint16Array.from([1, 2.5, -4, 8], numberToFloat16)
  const [half] = await averagePyramid(bits, 'float16', [1, 2, 2], 1, [1, 2, 2], 1, services)
  assert.is(float16ToNumber(half![0] as number), 1.875)
})

test('refuses labels', async () => {
  try {
    await averagePyramid(new Uint32Array(8), 'uint32', [2, 2, 2], 1, [2, 2, 2], 1, services)
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'dtype-unsupported')
  }
})

test.run()
