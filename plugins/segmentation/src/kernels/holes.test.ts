import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Chunk, createChunk } from '@chunkflow/sdk'
import { askPython, inlineCompute, randomChunk, seededRandom, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fillHoles } from './holes.js'

const test = suite('holes')
const compute = inlineCompute()
const folder = temporaryFolder()
test.after(() => folder.remove())

/** One section between two that are all `wall`: what is open in the plane is closed in the volume. */
function sandwich(rows: readonly (readonly number[])[], wall: number): Chunk {
  const plane = rows.flat()
  const cover = plane.map(() => wall)
  return createChunk(Uint32Array.from([...cover, ...plane, ...cover]), [3, rows.length, rows[0]!.length], {
    voxelOffset: [7, -3, 11],
    voxelSize: [40, 8, 4],
    layerType: 'segmentation',
  })
}
async function filledRows(rows: readonly (readonly number[])[], wall: number): Promise<number[][]> {
  const { data } = await fillHoles(sandwich(rows, wall), { compute })
  return rows.map((row, y) => [
    ...(data as Uint32Array).subarray((rows.length + y) * row.length, (rows.length + y + 1) * row.length),
  ])
}

test('background inside an object gets its id', async () => {
  const rows = [
    [4, 4, 4, 4, 4],
    [4, 0, 4, 0, 4],
    [4, 0, 4, 4, 4],
    [4, 4, 4, 0, 0],
  ]
  // the last one reaches the border
  assert.equal(await filledRows(rows, 4), [
    [4, 4, 4, 4, 4],
    [4, 4, 4, 4, 4],
    [4, 4, 4, 4, 4],
    [4, 4, 4, 0, 0],
  ])
})

test('objects inside a hole stay, and the background around them is filled', async () => {
  const rows = [
    [4, 4, 4, 4, 4, 4],
    [4, 0, 0, 0, 0, 4],
    [4, 0, 9, 0, 8, 4],
    [4, 0, 0, 0, 0, 4],
    [4, 4, 4, 4, 4, 4],
  ]
  assert.equal((await filledRows(rows, 4))[2], [4, 4, 9, 4, 8, 4])
})

test('a gap between several objects is a hole only of what encloses them all', async () => {
  const gap = [
    [4, 4, 4, 4, 4],
    [4, 9, 9, 8, 4],
    [4, 9, 0, 8, 4],
    [4, 9, 9, 8, 4],
    [4, 4, 4, 4, 4],
  ]
  // 9 and 8 reach above and below, where 4 covers them
  assert.is((await filledRows(gap, 4))[2]![2], 4)
  // without the cover 9 and 8 lie at the border
  const open = createChunk(Uint32Array.from(gap.flat()), [1, 5, 5])
  assert.equal([...(await fillHoles(open, { compute })).data], gap.flat())
})

test('places, layer type and ids beyond 53 bits are kept', async () => {
  const id = 2n ** 63n + 1n
  const data = new BigUint64Array(27).fill(id)
  data[13] = 0n
  const chunk = createChunk(data, [3, 3, 3], {
    voxelOffset: [1, 2, 3],
    voxelSize: [40, 8, 4],
    layerType: 'segmentation',
  })
  const filled = await fillHoles(chunk, { compute })
  assert.ok((filled.data as BigUint64Array).every((value) => value === id))
  assert.equal(
    [filled.voxelOffset, filled.voxelSize, filled.layerType, data[13]],
    [[1, 2, 3], [40, 8, 4], 'segmentation', 0n],
  )
  assert.is((await fillHoles(createChunk(new Uint8Array(0), [0, 3, 3]), { compute })).data.length, 0)
})

test('agrees with SciPy, object by object', async () => {
  const random = seededRandom(5)
  const { data } = randomChunk([9, 20, 31], { dtype: 'uint32' }, { limit: 3, seed: 8 })
  // mostly one object with small holes, some crumbs of others inside
  const values = (data as Uint32Array).map((value) => (random() < 0.75 ? 1 : value))
  const chunk = createChunk(values, [9, 20, 31])
  writeFileSync(path.join(folder.path, 'labels.raw'), values)
  const printed = askPython(
    ['scipy'],
    `
import numpy as np, json
from scipy.ndimage import binary_fill_holes
labels = np.fromfile('labels.raw', 'u4').reshape(9, 20, 31)
filled = labels.copy()
for label in (2, 1):
    filled[(labels == 0) & (filled == 0) & binary_fill_holes(labels == label)] = label
print(json.dumps(filled.ravel().tolist()))`,
    { cwd: folder.path },
  )
  if (printed === null) return
  const expected = JSON.parse(printed) as number[]
  const filled = await fillHoles(chunk, { compute })
  assert.equal([...filled.data], expected)
  assert.ok(values.filter((value) => value === 0).length > expected.filter((value) => value === 0).length)
})

test.run()
