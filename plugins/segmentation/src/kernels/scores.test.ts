import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Chunk, createChunk } from '@chunkflow/sdk'
import { askPython, inlineCompute, randomChunk, temporaryFolder } from '@chunkflow/sdk/testing'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countLabelPairs } from './contingency.js'
import { type SegmentationScores, scoreSegmentation, sixDigits } from './scores.js'

const test = suite('scores')
const compute = inlineCompute()
const folder = temporaryFolder()
test.after(() => folder.remove())

const labels = (values: readonly number[], shape: readonly number[] = [1, 1, values.length]): Chunk =>
  createChunk(Uint32Array.from(values), shape)
const score = async (
  segmentation: Chunk,
  groundtruth: Chunk,
  smallOverlap?: number,
): Promise<SegmentationScores> =>
  scoreSegmentation(await countLabelPairs(segmentation, groundtruth, { compute }), smallOverlap)
const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`)

test('the example of the specification', async () => {
  const scores = await score(
    labels([0, 1, 1, 1, 2, 2, 2, 1, 2, 2, 3, 3], [1, 3, 4]),
    labels([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0], [1, 3, 4]),
    0,
  )
  const expected = {
    rand_split: 0.47541,
    rand_merge: 0.674419,
    voi_split: 1.305866,
    voi_merge: 0.623159,
    rand_index: 0.636364,
    adjusted_rand_index: 0.175858,
    variation_of_information: 1.760964,
    fowlkes_mallows_index: 0.436564,
  }
  for (const [name, value] of Object.entries(expected))
    close(scores[name as keyof typeof expected], value, 5e-7)
  assert.equal(scores.edit_distance, [2, 3])
})

test('equal volumes score perfectly, whatever the ids', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 60 }),
      async (values) => {
        const scores = await score(labels(values.map((value) => value && 7000 - value)), labels(values), 0)
        assert.equal(
          { ...scores },
          {
            rand_split: 1,
            rand_merge: 1,
            voi_split: 0,
            voi_merge: 0,
            adapted_rand_error: 0,
            rand_index: 1,
            adjusted_rand_index: 1,
            fowlkes_mallows_index: 1,
            variation_of_information: 0,
            edit_distance: [0, 0],
          },
        )
      },
    ),
  )
})

test('without ground truth there is nothing wrong', async () => {
  const scores = await score(labels([1, 2, 3]), labels([0, 0, 0]))
  assert.equal(
    [scores.rand_split, scores.rand_merge, scores.voi_split, scores.voi_merge, scores.adapted_rand_error],
    [1, 1, 0, 0, 0],
  )
})

test('small overlaps do not count in the edit distance', async () => {
  const segmentation = labels([
    ...new Array(2000).fill(1),
    ...new Array(1001).fill(1),
    ...new Array(9).fill(2),
  ])
  const groundtruth = labels([
    ...new Array(2000).fill(5),
    ...new Array(1001).fill(6),
    ...new Array(9).fill(5),
  ])
  assert.equal((await score(segmentation, groundtruth)).edit_distance, [1, 0])
  assert.equal((await score(segmentation, groundtruth, 0)).edit_distance, [1, 1])
})

test('agrees with scikit-image and NumPy to 1e-9, with ids beyond 53 bits', async () => {
  const shape = [7, 33, 41]
  const base = 2n ** 63n
  const big = (seed: number, limit: number): Chunk => {
    const { data } = randomChunk(shape, { dtype: 'uint64' }, { seed, limit })
    return createChunk(
      (data as BigUint64Array).map((id) => (id === 0n ? 0n : base + id)),
      shape,
    )
  }
  const [segmentation, groundtruth] = [big(1, 90), big(2, 9)]
  writeFileSync(path.join(folder.path, 'a.raw'), segmentation.data as BigUint64Array)
  writeFileSync(path.join(folder.path, 'b.raw'), groundtruth.data as BigUint64Array)
  const printed = askPython(
    ['skimage'],
    `
import numpy as np, json
from skimage.metrics import variation_of_information, adapted_rand_error
a, b = (np.unique(np.fromfile(n, 'u8'), return_inverse=True)[1].reshape(7, 33, 41) for n in ('a.raw', 'b.raw'))
split, merge = variation_of_information(b, a, ignore_labels=(0,))
error = adapted_rand_error(b, a, ignore_labels=(0,))[0]
def table(a, b): return np.histogram2d(a.ravel(), b.ravel(), bins=(a.max() + 1, b.max() + 1), range=((-.5, a.max() + .5), (-.5, b.max() + .5)))[0]
n = table(a[b > 0], b[b > 0])
m = table(a, b)
pairs = lambda k: (k * (k - 1) / 2).sum()
both, first, second, every = pairs(m), pairs(m.sum(1)), pairs(m.sum(0)), pairs(m.sum())
chance = first * second / every
print(json.dumps([split, merge, error, (n**2).sum() / (n.sum(0)**2).sum(), (n**2).sum() / (n.sum(1)**2).sum(),
  (every + 2 * both - first - second) / every, (both - chance) / ((first + second) / 2 - chance), both / np.sqrt(first * second)]))`,
    { cwd: folder.path },
  )
  if (printed === null) return
  const expected = JSON.parse(printed) as number[]
  const scores = await score(segmentation, groundtruth)
  // scikit-image's first value is H(second image | first image)
  const ours = [
    scores.voi_split,
    scores.voi_merge,
    scores.adapted_rand_error,
    scores.rand_split,
    scores.rand_merge,
    scores.rand_index,
    scores.adjusted_rand_index,
    scores.fowlkes_mallows_index,
  ]
  for (const [index, value] of ours.entries()) close(value, expected[index]!, 1e-9)
})

test('numbers are printed with six digits as C++ does', () => {
  assert.equal(
    [1, 0, 0.958776, 0.4754098, 123456.7, 999999.7, 1234567, 0.0001, 0.0000123456789].map(sixDigits),
    ['1', '0', '0.958776', '0.47541', '123457', '1e+06', '1.23457e+06', '0.0001', '1.23457e-05'],
  )
})

test.run()
