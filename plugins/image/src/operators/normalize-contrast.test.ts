import { gzipSync } from 'node:zlib'
import { type Chunk, createChunk, emptyChunk } from '@chunkflow/sdk'
import {
  codeOf,
  inlineCompute,
  memoryStore,
  ODD_PLACEMENT,
  randomChunk,
  runOperator,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { contrastTable, lookUpSections } from '../kernels/contrast.js'
import normalizeContrast from './normalize-contrast.js'
import normalizeSectionContrast from './normalize-section-contrast.js'

const test = suite('contrast')
const RANGE = { lowerClipFraction: 0.01, upperClipFraction: 0.01, minval: 1, maxval: 255 }

/** Counts: some black, 1 % up to and with 117, the 99th percentile at 153. */
function levels(): number[] {
  const counts = new Array<number>(256).fill(0)
  counts[0] = 1_000_000
  counts[100] = 40
  counts[117] = 60
  for (let value = 118; value <= 153; value++) counts[value] = 272
  counts[153]! += 9900 - 100 - 36 * 272
  counts[154] = 100
  return counts
}

test('the table of the specification: quantiles 117 and 153', () => {
  const table = contrastTable(levels(), RANGE, true)
  assert.equal([...table.subarray(116, 125)], [1, 1, 7, 14, 21, 28, 35, 42, 50])
  assert.equal([...table.subarray(151, 156)], [241, 248, 255, 255, 255])
  assert.ok(table.subarray(0, 117).every((value) => value === 1))
})

test('quantiles that coincide: identity, clamped when asked', () => {
  const flat = new Array<number>(256).fill(0)
  flat[0] = 5
  assert.equal([...contrastTable(flat, RANGE, false).subarray(0, 3)], [0, 1, 2])
  assert.equal([...contrastTable(flat, RANGE, true).subarray(0, 3)], [1, 1, 2])
  flat[90] = 7
  // all of it lies at 90: neither quantile gets beyond 89
  assert.equal(
    [...contrastTable(flat, RANGE, false)],
    Array.from({ length: 256 }, (_, value) => value),
  )
})

test('nothing clipped: from 0 to the last value, halves to even', () => {
  const counts = new Array<number>(256).fill(1)
  const table = contrastTable(
    counts,
    { lowerClipFraction: 0, upperClipFraction: 0, minval: 0, maxval: 51 },
    false,
  )
  // v / 5; no halves there
  assert.equal([table[2], table[3], table[255]], [0, 1, 51])
  const even = contrastTable(
    counts,
    { lowerClipFraction: 0, upperClipFraction: 0.5, minval: 0, maxval: 63 },
    false,
  )
  // upper is 127: 63 / 127 a step
  assert.equal([even[127], even[128], even[1]], [63, 63, 0])
  const half = [0, 0, 0, 0, 10].concat(new Array<number>(251).fill(0))
  half[255] = 10
  const halves = contrastTable(
    half,
    { lowerClipFraction: 0.1, upperClipFraction: 0, minval: 0, maxval: 126 },
    false,
  )
  // lower 3, upper 255: 0.5 a step, so 4 becomes 0.5 and 6 becomes 1.5
  assert.equal([halves[4], halves[5], halves[6], halves[8]], [0, 1, 2, 2])
})

test('sections go through their tables in pieces of any size', async () => {
  const chunk = randomChunk([3, 7, 9], { dtype: 'uint8', ...ODD_PLACEMENT }, { limit: 256 })
  const tables = [3, 5, 7].map((factor) =>
    Uint8Array.from({ length: 256 }, (_, value) => (value * factor) & 255),
  )
  const services = { compute: inlineCompute() }
  for (const pieceBytes of [1, 13, 64, 2 ** 20]) {
    const result = await lookUpSections(chunk, tables, services, pieceBytes)
    const expected = [...(chunk.data as Uint8Array)].map(
      (value, index) => tables[Math.floor(index / 63)]![value],
    )
    assert.equal([...result.data], expected)
    assert.equal([result.voxelOffset, result.voxelSize], [chunk.voxelOffset, chunk.voxelSize])
  }
})

/** Two sections of 4 x 25 voxels, from z 7 on. */
function twoSections(): Chunk {
  const data = Uint8Array.from({ length: 200 }, (_, index) => (index < 100 ? 100 + index : 50))
  return createChunk(data, [2, 4, 25], ODD_PLACEMENT)
}

async function apply(
  options: object,
  chunk = twoSections(),
  store = memoryStore(),
  definition = normalizeContrast,
) {
  const services = { compute: inlineCompute(), store }
  const { task } = await runOperator(definition, {
    options: options as never,
    variables: { chunk },
    services,
  })
  return task.get<Chunk>('chunk')
}

test('without levels each section has its own histogram; the input stays as it was', async () => {
  const chunk = twoSections()
  const result = await apply({}, chunk)
  assert.equal([...chunk.data], [...twoSections().data])
  // 1 % of 100 voxels: 100 alone reaches it, 101 exceeds it; 198 reaches 99 %
  const stretched = (value: number): number => Math.min(255, Math.max(1, ((value - 100) * 255) / 98))
  for (const index of [0, 1, 50, 97, 98, 99])
    assert.ok(Math.abs(Number(result.data[index]) - stretched(100 + index)) <= 0.5)
  // of one value: left alone
  assert.ok([...result.data.slice(100)].every((value) => value === 50))
})

test('--whole takes one histogram of everything', async () => {
  const result = await apply({ perSection: false, lowerClipFraction: 0.5, upperClipFraction: 0 })
  // half of the voxels are 50: the value before the first beyond one half is 99; nothing is beyond all, so 255
  assert.equal([result.data[0], result.data[99], result.data[100]], [2, Math.round((100 * 255) / 156), 1])
})

test('stored histograms are found by global z, plain or compressed, and read once', async () => {
  const store = memoryStore()
  const storage = await store.open('gs://bucket/levels/1')
  await storage.write('7', Buffer.from(JSON.stringify({ levels: levels(), num_patches: 4 })))
  await storage.write('8.gz', gzipSync(JSON.stringify({ levels: new Array(256).fill(1) })))
  let reads = 0
  const counting = {
    ...store,
    open: async (path: string) => {
      const opened = await store.open(path)
      const read = (key: string) => {
        reads += 1
        return opened.read(key)
      }
      return { ...opened, read }
    },
  } as typeof store
  const options = { levelsPath: 'precomputed://gs://bucket/levels/1/' }
  const result = await apply(options, twoSections(), counting)
  assert.equal(
    [16, 17, 18, 19, 53, 54].map((index) => result.data[index]),
    [1, 1, 7, 14, 255, 255],
  )
  // levels of 1 to 255 alike: 2 to 252
  assert.is(result.data[100], Math.round(((50 - 2) * 255) / 250))
  assert.is(reads, 3)
})

test('a section without levels must be black, as sections beyond the volume are', async () => {
  const store = memoryStore()
  await (await store.open('gs://bucket/levels/1')).write(
    '7',
    Buffer.from(JSON.stringify({ levels: levels() })),
  )
  const options = { levelsPath: 'gs://bucket/levels/1' }
  assert.is(await codeOf(() => apply(options, twoSections(), store)), 'levels-missing')
  const chunk = twoSections()
  ;(chunk.data as Uint8Array).fill(0, 100)
  const result = await apply(options, chunk, store)
  assert.ok([...result.data.slice(100)].every((value) => value === 1))
  await (await store.open('gs://bucket/levels/1')).write('8', Buffer.from('{"levels": [1, 2]}'))
  assert.is(await codeOf(() => apply(options, twoSections(), store)), 'levels-invalid')
  await (await store.open('gs://bucket/levels/1')).write('8', Buffer.from('levels'))
  assert.is(await codeOf(() => apply(options, twoSections(), store)), 'levels-invalid')
})

test('what it cannot do it says', async () => {
  for (const [chunk, code] of [
    [emptyChunk('uint16', [2, 3, 4]), 'image-dtype'],
    [emptyChunk('uint8', [2, 2, 3, 4]), 'image-dtype'],
  ] as const)
    assert.is(await codeOf(() => apply({}, chunk)), code)
  const infer = (options: object) =>
    codeOf(() =>
      normalizeSectionContrast.infer!({}, {
        minval: 1,
        maxval: 255,
        perSection: true,
        lowerClipFraction: 0,
        upperClipFraction: 0,
        ...options,
      } as never),
    )
  assert.is(await infer({}), 'accepted')
  assert.is(await infer({ lowerClipFraction: 0.6, upperClipFraction: 0.5 }), 'flag-invalid')
  assert.is(await infer({ minval: 10, maxval: 9 }), 'flag-invalid')
  assert.is(await infer({ levelsPath: 'x', perSection: false }), 'flag-invalid')
})

test('both names, their timers', () => {
  assert.equal([normalizeContrast.timed, normalizeSectionContrast.timed], ['normalize-contrast-nkem', true])
  assert.equal(Object.keys(normalizeContrast.flags), Object.keys(normalizeSectionContrast.flags))
})

test.run()
