import { type Chunk, createChunk } from '@chunkflow/sdk'
import { askPython, codeOf, inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findPeaks } from './peaks.js'

const test = suite('peaks')
const services = { compute: inlineCompute() }

const rows = (places: Int32Array): number[][] =>
  Array.from({ length: places.length / 3 }, (_, row) => [...places.subarray(row * 3, row * 3 + 3)])

/** A dark map with a value at some places. */
function dots(size: readonly [number, number, number], places: Readonly<Record<string, number>>): Chunk {
  const data = new Float32Array(size[0] * size[1] * size[2])
  for (const [place, value] of Object.entries(places)) {
    const [z, y, x] = place.split(' ').map(Number) as [number, number, number]
    data[(z * size[1] + y) * size[2] + x] = value
  }
  return createChunk(data, size, { layerType: 'probability_map' })
}

test('are the maxima of their cubes, away from the faces and from each other, the strongest first', async () => {
  const map = dots([9, 13, 17], {
    '2 5 6': 0.5,
    // two voxels from the stronger one: its cube holds it
    '4 5 6': 0.8,
    // three voxels are enough
    '4 5 9': 0.9,
    // below the threshold
    '5 9 13': 0.2,
    // less than two voxels from a face
    '4 11 6': 1,
    '1 6 12': 1,
    '6 10 2': 0.7,
  })
  const { places, confidences } = await findPeaks(map, { minDistance: 2, thresholdRel: 0.3 }, services)
  assert.equal(rows(places), [
    [4, 5, 9],
    [4, 5, 6],
    [6, 10, 2],
  ])
  const mean = (0.5 + 0.8 + 0.9 + 0.2 + 1 + 1 + 0.7) / (9 * 13 * 17)
  for (const [index, value] of [0.9, 0.8, 0.7].entries())
    assert.ok(Math.abs(confidences[index]! - (value - mean) / (1 - mean)) < 1e-6)
})

test('of equal ones nearer than the distance the first in scan order stays; so many as wanted', async () => {
  const map = dots([7, 7, 30], { '3 3 4': 1, '3 3 6': 1, '3 3 20': 1, '3 3 23': 1 })
  const near = await findPeaks(map, { minDistance: 3, thresholdRel: 0.3 }, services)
  assert.equal(rows(near.places), [
    [3, 3, 4],
    [3, 3, 20],
    [3, 3, 23],
  ])
  const one = await findPeaks(map, { minDistance: 3, thresholdRel: 0.3, maximumPeaks: 1 }, services)
  assert.equal(rows(one.places), [[3, 3, 4]])
})

test('there are none in chunks without room or contrast; what is no map is refused', async () => {
  const find = (chunk: Chunk) => findPeaks(chunk, { minDistance: 3, thresholdRel: 0.3 }, services)
  assert.is((await find(dots([6, 9, 9], { '3 4 4': 1 }))).places.length, 0)
  assert.is((await find(dots([9, 9, 9], {}))).places.length, 0)
  assert.is((await find(createChunk(new Uint8Array(0), [0, 9, 9]))).places.length, 0)
  assert.is(await codeOf(find(dots([9, 9, 9], { '1 1 1': Number.NaN }))), 'points-map')
  assert.is(await codeOf(find(createChunk(new Uint32Array(1), [1, 1, 1]))), 'points-map')
  assert.is(await codeOf(find(createChunk(new Float32Array(2), [2, 1, 1, 1]))), 'points-map')
})

for (const [dtype, distance, size] of [
  ['float32', 1, [7, 12, 19]],
  ['float32', 2, [11, 14, 37]],
  ['float32', 3, [23, 31, 18]],
  ['float64', 4, [30, 10, 41]],
  ['float32', 5, [40, 37, 29]],
  ['uint8', 2, [9, 33, 50]],
  ['uint8', 7, [31, 36, 40]],
] as const)
  test(`agree with SciPy and scikit-image: ${dtype}, distance ${distance}`, async () => {
    const map = randomChunk(size, { dtype }, { seed: distance, limit: 251 })
    const { places, confidences } = await findPeaks(
      map,
      { minDistance: distance, thresholdRel: 0.3 },
      services,
    )
    const seen = askPython(
      ['scipy', 'skimage', 'numpy'],
      `
import sys, json, numpy as np
from scipy.ndimage import maximum_filter
from skimage.feature import peak_local_max
size, d = ${JSON.stringify(size)}, ${distance}
v = np.frombuffer(sys.stdin.buffer.read(), '${dtype}').reshape(size)
if v.dtype == np.float64: v = v.astype(np.float32)
p = np.maximum(v.astype(np.float64) - v.astype(np.float64).mean(), 0)
p /= p.max()
# all candidates, without a look at distances
mask = (v == maximum_filter(v, size=2 * d + 1)) & (p > 0.3)
inner = np.zeros(size, bool)
inner[d:-d, d:-d, d:-d] = True
candidates = np.argwhere(mask & inner)
order = np.lexsort((candidates[:, 2], candidates[:, 1], candidates[:, 0], -p[tuple(candidates.T)]))
kept = []
for c in candidates[order]:
  if all(np.abs(c - k).max() >= d for k in kept): kept.append(c)
peaks = peak_local_max(p, min_distance=d, threshold_abs=0.3, exclude_border=d, p_norm=np.inf)
print(json.dumps([np.array(kept).tolist(), [float(p[tuple(k)]) for k in kept], sorted(peaks.tolist())]))`,
      { input: Buffer.from(map.data.buffer) },
    )
    if (seen === null) return
    const [kept, strengths, peaks] = JSON.parse(seen) as [number[][], number[], number[][]]
    assert.ok(kept.length > 0)
    assert.equal(rows(places), kept)
    assert.ok(strengths.every((value, index) => Math.abs(value - confidences[index]!) < 1e-6))
    // equal values are told apart differently there
    if (dtype !== 'uint8')
      assert.equal(
        rows(places).sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!),
        peaks,
      )
  })

test('strips give what the whole gives, also for equal values', async () => {
  const map = randomChunk([17, 61, 40], { dtype: 'uint8' }, { seed: 9, limit: 12 })
  const options = { minDistance: 3, thresholdRel: 0.3 }
  const whole = await findPeaks(map, options, services)
  const strips = await findPeaks(map, options, { ...services, stripBytes: 0 })
  assert.ok(whole.places.length > 100)
  assert.equal(strips, whole)
})

test.run()
