import { type Chunk, createChunk } from '@chunkflow/sdk'
import { askPython, codeOf, inlineCompute, ODD_PLACEMENT, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import clahe from '../operators/clahe.js'
import { apply } from '../testing/apply.js'
import { countLimit, equalizeSections, tileGrid } from './clahe.js'

const test = suite('clahe')
const services = { compute: inlineCompute() }

test('tiles divide a section, or one that is made larger along both axes', () => {
  assert.equal(tileGrid(64, 48, 4, 3), { tilesY: 4, tilesX: 3, tileHeight: 16, tileWidth: 16 })
  // 64 rows would do, but 50 columns do not: 4 rows and 1 column more
  assert.equal(tileGrid(64, 50, 4, 3), { tilesY: 4, tilesX: 3, tileHeight: 17, tileWidth: 17 })
  // 20 counts of 256 / 256 voxels on average; at least one
  assert.is(countLimit(tileGrid(64, 48, 4, 3), 20), 20)
  assert.is(countLimit(tileGrid(2, 2, 1, 1), 20), 1)
  assert.is(countLimit(tileGrid(64, 48, 4, 3), 0), 0)
})

test('one tile without limit is the equalisation of a histogram', async () => {
  // 6 voxels: 1 of 10, 2 of 20, 3 of 30 have the cumulative shares 1/6, 3/6, 6/6
  const chunk = createChunk(Uint8Array.of(30, 10, 20, 30, 20, 30), [1, 2, 3], ODD_PLACEMENT)
  const result = await equalizeSections(chunk, tileGrid(2, 3, 1, 1), 0, services)
  // 127.5 rounds to the even number
  assert.equal([...result.data], [255, 42, 128, 255, 128, 255])
  assert.equal([result.voxelOffset, result.voxelSize, result.layerType], [[7, -3, 11], [40, 8, 4], 'image'])
})

test('the limit cuts counts off and hands them out evenly', async () => {
  // 16 × 16 voxels of one value: the limit of 20 leaves 236, of which 0 go to every value and one each to the first 236
  const flat = createChunk(new Uint8Array(256).fill(100), [1, 16, 16])
  const result = await equalizeSections(flat, tileGrid(16, 16, 1, 1), 20, services)
  // 101 of the values up to 100, and 20 of 100 itself
  assert.equal(new Set(result.data as Uint8Array), new Set([Math.round((121 * 255) / 256)]))
})

test('sections do not see each other', async () => {
  const chunk = randomChunk([3, 20, 30], { dtype: 'uint8' })
  const whole = await equalizeSections(chunk, tileGrid(20, 30, 3, 3), 4, services)
  const second = createChunk(chunk.data.slice(600, 1200), [1, 20, 30])
  const alone = await equalizeSections(second, tileGrid(20, 30, 3, 3), 4, services)
  assert.equal(whole.data.slice(600, 1200), alone.data)
})

/** The same by its definition, without a look at how it is done here: all tables first, four lookups of whole arrays. */
const NUMPY = `
import sys, numpy as np
f = np.float32
def clahe(a, tiles, limit):
    height, width = a.shape
    if height % tiles or width % tiles:
        mirror = lambda n, to: np.resize(np.r_[0:n, n-2:0:-1] if n > 1 else [0], to)
        a2 = a[mirror(height, height + tiles - height % tiles)][:, mirror(width, width + tiles - width % tiles)]
    else: a2 = a
    th, tw = a2.shape[0] // tiles, a2.shape[1] // tiles
    tables = np.zeros((tiles, tiles, 256), f)
    for i in range(tiles):
        for j in range(tiles):
            h = np.bincount(a2[i*th:(i+1)*th, j*tw:(j+1)*tw].ravel(), minlength=256)
            if limit > 0:
                most = max(int(limit * th * tw / 256), 1)
                cut = np.maximum(h - most, 0).sum()
                h = np.minimum(h, most) + cut // 256
                rest = cut % 256
                if rest: h[::max(256 // rest, 1)][:rest] += 1
            tables[i, j] = np.minimum(np.rint(np.cumsum(h).astype(f) * (f(255) / f(th * tw))), 255)
    def near(n, size):
        at = np.arange(n, dtype=f) * (f(1) / f(size)) - f(0.5)
        low = np.floor(at)
        share = (at - low).astype(f)
        low = low.astype(int)
        return np.maximum(low, 0), np.minimum(low + 1, tiles - 1), (f(1) - share), share
    y0, y1, v0, v1 = (q[:, None] for q in near(height, th))
    x0, x1, u0, u1 = (q[None, :] for q in near(width, tw))
    top = tables[y0, x0, a] * u0 + tables[y0, x1, a] * u1
    low = tables[y1, x0, a] * u0 + tables[y1, x1, a] * u1
    return np.rint(top * v0 + low * v1).astype(np.uint8)
`

test('equals an implementation in numpy by the definition, in every shape of tile', async () => {
  const cases = [
    { shape: [1, 64, 48], tiles: 4, limit: 2 },
    { shape: [2, 37, 53], tiles: 3, limit: 20 },
    { shape: [1, 128, 96], tiles: 8, limit: 0 },
    { shape: [1, 5, 7], tiles: 8, limit: 40 },
    { shape: [1, 1, 9], tiles: 2, limit: 20 },
    { shape: [2, 200, 33], tiles: 16, limit: 0.01 },
    { shape: [1, 30, 40], tiles: 60, limit: 20 },
  ] as const
  const inputs: Chunk[] = []
  const results: Chunk[] = []
  for (const [index, { shape, tiles, limit }] of cases.entries()) {
    const chunk = randomChunk(shape, { dtype: 'uint8' }, { seed: index + 1, limit: 60 })
    // waves and noise
    for (let at = 0; at < chunk.data.length; at++)
      chunk.data[at] = Math.floor(95 + 90 * Math.sin(at / 29) + Number(chunk.data[at]))
    inputs.push(chunk)
    results.push(await equalizeSections(chunk, tileGrid(shape[1], shape[2], tiles, tiles), limit, services))
  }
  const output = askPython(
    ['numpy'],
    `${NUMPY}
data = np.frombuffer(sys.stdin.buffer.read(), 'u1'); at = 0
def take(shape):
    global at
    taken = data[at:at + int(np.prod(shape))].reshape(shape); at += taken.size
    return taken
for shape, tiles, limit in ${JSON.stringify(cases.map(({ shape, tiles, limit }) => [shape, tiles, limit]))}:
    a, r = take(shape), take(shape)
    print(max(np.abs(clahe(s, tiles, limit).astype(int) - t).max() for s, t in zip(a, r)), np.ptp(r) > 50)`,
    {
      input: Buffer.concat(
        inputs.flatMap((chunk, at) => [chunk, results[at]!].map(({ data }) => data as Uint8Array)),
      ),
    },
  )
  if (output !== null) assert.is(output, cases.map(() => '0 True').join('\n'))
})

test('resembles scikit-image, whose tiles and limits are defined otherwise', async () => {
  const chunk = randomChunk([1, 128, 160], { dtype: 'uint8' }, { limit: 30 })
  for (let at = 0; at < chunk.data.length; at++) {
    const [y, x] = [Math.floor(at / 160), at % 160]
    chunk.data[at] = Math.floor(
      80 + 30 * Math.sin(x / 9) * Math.cos(y / 7) + 0.3 * x + Number(chunk.data[at]),
    )
  }
  // a limit of 0.03 of the voxels of a tile is 0.03 · 256 average counts
  const result = await equalizeSections(chunk, tileGrid(128, 160, 4, 4), 0.03 * 256, services)
  const output = askPython(
    ['skimage'],
    `
import sys, numpy as np
from skimage.exposure import equalize_adapthist
a, r = np.frombuffer(sys.stdin.buffer.read(), 'u1').reshape(2, 128, 160)
print(np.corrcoef(equalize_adapthist(a, kernel_size=(32, 40), clip_limit=0.03).ravel(), r.ravel())[0, 1])`,
    { input: Buffer.concat([chunk.data as Uint8Array, result.data as Uint8Array]) },
  )
  if (output !== null) assert.ok(Number(output) > 0.98, output)
})

test('the operator: tiles by number or size, bytes only', async () => {
  const chunk = randomChunk([2, 40, 64], { dtype: 'uint8', ...ODD_PLACEMENT })
  const bySize = await apply(clahe, { tileSize: 20, clipLimit: 3 }, { chunk })
  assert.equal(bySize.data, (await equalizeSections(chunk, tileGrid(40, 64, 2, 3), 3, services)).data)
  const byDefault = await apply(clahe, {}, { chunk })
  assert.equal(byDefault.data, (await equalizeSections(chunk, tileGrid(40, 64, 512, 512), 20, services)).data)
  const labels = randomChunk([2, 4, 4], { dtype: 'uint16' })
  assert.is(await codeOf(apply(clahe, {}, { chunk: labels })), 'image-dtype')
  const colours = randomChunk([3, 2, 4, 4], { dtype: 'uint8' })
  assert.is(await codeOf(apply(clahe, {}, { chunk: colours })), 'image-dtype')
})

test.run()
