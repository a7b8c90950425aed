import { type Chunk, createChunk, type Dtype, isFloat } from '@chunkflow/sdk'
import { askPython, codeOf, inlineCompute, ODD_PLACEMENT, randomChunk } from '@chunkflow/sdk/testing'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import createChunkOperator from '../operators/create-chunk.js'
import gaussianOperator from '../operators/gaussian-filter.js'
import medianOperator from '../operators/median-filter.js'
import { apply, total } from '../testing/apply.js'
import { BORDERS, borderIndex } from './border.js'
import { GAUSSIAN_DTYPES, gaussianFilter, gaussianWeights } from './gaussian.js'
import { medianFilter } from './median.js'

const test = suite('filters')
const services = { compute: inlineCompute() }
/** So few bytes that every row is a piece of its own. */
const TINY = 1
const SHAPE = [6, 7, 37]
const DTYPES = [
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
] as const

const bytesOf = ({ data }: Chunk): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

interface Case {
  readonly dtype: Dtype
  readonly input: Chunk
  readonly result: Chunk
  /** Python, of the array `a`. */
  readonly expected: string
}

/** Asks SciPy for the largest difference between each result and what it expects. */
function differences(cases: readonly Case[]) {
  const steps = cases.map(
    ({ dtype, input, expected }) =>
      `a=take("${dtype}",${JSON.stringify(input.shape)});r=take("${dtype}",a.shape);e=${expected};print(max(abs(int(x)-int(y)) if a.dtype.kind!="f" else abs(float(x)-float(y)) for x,y in zip(r.ravel(),e.ravel())))`,
  )
  const code = [
    'import sys, numpy as np',
    'from scipy.ndimage import gaussian_filter, median_filter',
    'data=sys.stdin.buffer.read(); at=0',
    'def take(dtype, shape):',
    '  global at',
    '  x=np.frombuffer(data, dtype, int(np.prod(shape)), at).reshape(shape); at+=x.nbytes; return x',
    ...steps,
  ].join('\n')
  const input = Buffer.concat(cases.flatMap((one) => [bytesOf(one.input), bytesOf(one.result)]))
  return askPython(['scipy'], code, { input })?.split('\n').map(Number)
}

test('gaussian: the row of the specification', async () => {
  const row = createChunk(new Uint8Array([0, 0, 0, 0, 100, 0, 0, 0, 0]), [1, 1, 9], ODD_PLACEMENT)
  const blurred = await apply(gaussianOperator, {}, { chunk: row })
  assert.equal([...blurred.data], [0, 0, 5, 24, 39, 24, 5, 0, 0])
  assert.equal([blurred.voxelOffset, blurred.layerType, row.data[4]], [[7, -3, 11], 'image', 100])
})

test('gaussian: weights fall off from the middle and add up to 1', () => {
  assert.equal([...gaussianWeights(0), ...gaussianWeights(0.1)], [1, 1])
  const weights = gaussianWeights(1)
  assert.is(weights.length, 5)
  assert.is(weights[0]!.toFixed(6), '0.398943')
  assert.ok(Math.abs(2 * weights.reduce((left, right) => left + right) - weights[0]! - 1) < 1e-15)
})

test('gaussian: as SciPy on every section, whole numbers exactly', async () => {
  const cases: Case[] = []
  for (const dtype of GAUSSIAN_DTYPES.filter((name) => name !== 'float16')) {
    const input = randomChunk(SHAPE, { dtype }, { seed: 5, limit: 120 })
    for (const [sigma, pieceBytes] of [
      [1, undefined],
      [1.7, TINY],
      [20, TINY],
    ] as const) {
      const result = await gaussianFilter(input, sigma, services, pieceBytes)
      const expected = `np.stack([gaussian_filter(s, ${sigma}) for s in a])`
      cases.push({ dtype, input, result, expected })
    }
  }
  differences(cases)?.forEach((difference, index) => {
    assert.ok(
      difference <= (isFloat(cases[index]!.dtype) ? 1e-7 : 0),
      `${cases[index]!.dtype}: ${difference}`,
    )
  })
})

test('gaussian: flat regions keep their value, channels and sections do not mix', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('uint8', 'int16', 'uint32'),
      fc.integer({ min: 0, max: 255 }),
      fc.double({ min: 0.1, max: 8, noNaN: true }),
      async (dtype, value, sigma) => {
        const sections = [value, 0, 255 - value, 7].flatMap((level) => Array<number>(15).fill(level))
        const array = { uint8: Uint8Array, int16: Int16Array, uint32: Uint32Array }[dtype as 'uint8']
        const chunk = createChunk(array.from(sections), [2, 2, 3, 5])
        assert.equal([...(await gaussianFilter(chunk, sigma, services)).data], sections)
      },
    ),
    { numRuns: 40 },
  )
})

test('gaussian: half floats go through single ones; labels are refused', async () => {
  const bits = createChunk(Uint16Array.of(0x3c00, 0x3c00, 0x3c00), [1, 1, 3], { dtype: 'float16' })
  assert.equal([...(await apply(gaussianOperator, {}, { chunk: bits })).data], [0x3c00, 0x3c00, 0x3c00])
  const labels = createChunk(new BigUint64Array(8), [2, 2, 2])
  assert.is(await codeOf(() => apply(gaussianOperator, {}, { chunk: labels })), 'image-dtype')
})

test('gaussian-filter writes to its input unless told otherwise', async () => {
  const chunk = createChunk(new Uint8Array([0, 9, 0]), [1, 1, 3])
  const image = createChunk(new Uint8Array([0, 90, 0]), [1, 1, 3])
  assert.is(await apply(gaussianOperator, { inputChunkName: 'image' }, { chunk, image }), chunk)
  const { data } = await apply(
    gaussianOperator,
    { inputChunkName: 'image', outputChunkName: 'chunk' },
    { chunk, image },
  )
  // 90 (w0 + 2 w3) and 90 (w1 + w2 + w4), truncated
  assert.equal([...data], [26, 36, 26])
})

test('median: along z by default, with the sum of the specification', async () => {
  const wave = await apply(createChunkOperator, {})
  const filtered = await apply(medianOperator, {}, { chunk: wave })
  assert.is(total(filtered), 42643306)
  assert.equal([filtered.dtype, filtered.shape, filtered.layerType], ['uint8', [64, 64, 64], 'image'])
})

test('median: as SciPy for every element type, border and kind of box', async () => {
  const cases: Case[] = []
  for (const dtype of DTYPES) {
    const input = randomChunk(SHAPE, { dtype }, { seed: 7, limit: 120 })
    for (const [index, size] of (
      [
        [3, 1, 1],
        [1, 3, 3],
        [2, 4, 5],
        [1, 1, 9],
        [7, 9, 2],
      ] as const
    ).entries()) {
      const mode = BORDERS[index]!
      const result = await medianFilter(input, size, mode, services, index % 2 === 0 ? TINY : undefined)
      cases.push({ dtype, input, result, expected: `median_filter(a, size=(${size}), mode="${mode}")` })
    }
  }
  differences(cases)?.forEach((difference, index) => {
    assert.is(difference, 0, `${cases[index]!.dtype}: ${cases[index]!.expected}`)
  })
})

test('median: the middle of the sorted box, on volumes of all sizes and pieces', async () => {
  const sizes = fc.tuple(...[4, 6, 40].map((max) => fc.integer({ min: 1, max })))
  const boxes = fc.tuple(...[4, 4, 4].map((max) => fc.integer({ min: 1, max })))
  const pieces = fc.constantFrom(undefined, TINY, 200)
  await fc.assert(
    fc.asyncProperty(sizes, boxes, fc.constantFrom(...BORDERS), pieces, async (size, box, border, bytes) => {
      const chunk = randomChunk([2, ...size], { dtype: 'uint16' }, { seed: size[2]! })
      const filtered = await medianFilter(
        chunk,
        box as unknown as [number, number, number],
        border,
        services,
        bytes,
      )
      assert.equal([...filtered.data], sortedMiddles(chunk, box, border))
    }),
    { numRuns: 60 },
  )
})

/** The definition, voxel by voxel. */
function sortedMiddles({ data, shape }: Chunk, box: readonly number[], border: (typeof BORDERS)[number]) {
  const [channels, ...size] = shape as unknown as [number, number, number, number]
  const [depth, height, width] = size as [number, number, number]
  return Array.from({ length: channels * depth * height * width }, (_, index) => {
    const at = [
      Math.floor(index / (height * width)) % depth,
      Math.floor(index / width) % height,
      index % width,
    ]
    const start = Math.floor(index / (depth * height * width)) * depth
    const [zs, ys, xs] = at.map((place, axis) =>
      Array.from({ length: box[axis]! }, (_, tap) =>
        borderIndex(place - Math.floor(box[axis]! / 2) + tap, size[axis]!, border),
      ),
    ) as [number[], number[], number[]]
    const values = zs.flatMap((z) =>
      ys.flatMap((y) =>
        xs.map((x) => (Math.min(z, y, x) < 0 ? 0 : Number(data[((start + z) * height + y) * width + x]))),
      ),
    )
    return values.sort((left, right) => left - right)[Math.floor(values.length / 2)]!
  })
}

test('median: 64-bit labels are exact; bool and half floats work', async () => {
  const big = 2n ** 63n
  const labels = createChunk(new BigUint64Array([big + 1n, 5n, big + 3n]), [3, 1, 1])
  assert.equal(
    [...(await medianFilter(labels, [3, 1, 1], 'reflect', services)).data],
    [big + 1n, big + 1n, big + 3n],
  )
  const truth = createChunk(new Uint8Array([1, 0, 1]), [3, 1, 1], { dtype: 'bool' })
  const filled = await medianFilter(truth, [3, 1, 1], 'nearest', services)
  assert.equal([filled.dtype, ...filled.data], ['bool', 1, 1, 1])
  const half = createChunk(Uint16Array.of(0xc000, 0x3c00, 0x3800), [3, 1, 1], { dtype: 'float16' })
  assert.equal((await medianFilter(half, [3, 1, 1], 'nearest', services)).data[1], 0x3800)
})

test.run()
