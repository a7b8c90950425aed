import { createChunk, type Zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { extractAll } from '../testing/extract.js'
import {
  eulerCharacteristic,
  openEdges,
  signedVolume,
  trianglesByPlace,
  vertexOf,
} from '../testing/topology.js'
import { joinMeshes } from './join.js'
import { placeMesh } from './place.js'
import { dropUnused, simplify, type WordMesh } from './simplify.js'

const test = suite('simplification and joining')
const voxelSizeNm: Zyx = [40, 8, 4]
const SIZE: Zyx = [14, 30, 60]

/** An ellipsoid that is a ball in nm, about a voxel that may lie outside the chunk. */
async function ball(
  center: Zyx,
  radiusNm: number,
  sections: { first: number; stop: number } = { first: 0, stop: SIZE[0] },
): Promise<WordMesh> {
  const data = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2])
  for (let index = 0; index < data.length; index++) {
    const place = [Math.floor(index / 1800), Math.floor(index / 60) % 30, index % 60]
    const nm = place.map((voxel, axis) => (voxel - center[axis]!) * voxelSizeNm[axis]!)
    if (Math.hypot(...nm) < radiusNm) data[index] = 1
  }
  return (await extractAll(createChunk(data, SIZE), sections)).get(1n)!
}
const placesOf = ({ vertices }: WordMesh): Set<string> =>
  new Set(Array.from({ length: vertices.length / 3 }, (_, index) => vertexOf(vertices, index).join(' ')))
const volume = (mesh: WordMesh): number => {
  const { vertices, triangles } = placeMesh(mesh, { voxelSizeNm, voxelOffsetZyx: [0, 0, 0] })
  return signedVolume(vertices, triangles)
}

test('a closed surface stays closed, keeps its shape, and its vertices are some of those it had', async () => {
  const whole = await ball([7, 15, 30], 100)
  const options = { factor: 20, maximumErrorNm: 40, voxelSizeNm }
  const few = await simplify(whole, options)
  assert.ok(few.triangles.length < whole.triangles.length / 10)
  assert.equal(openEdges(few), [])
  assert.is(eulerCharacteristic(few), 2)
  const before = placesOf(whole)
  for (const place of placesOf(few)) assert.ok(before.has(place))
  assert.ok(Math.abs(volume(few) / volume(whole) - 1) < 0.2, `${volume(few)} of ${volume(whole)}`)
  assert.equal(await simplify(whole, options), few)
})

test('the error bounds it: almost none leaves almost everything', async () => {
  const whole = await ball([7, 15, 30], 100)
  const fine = await simplify(whole, { factor: 100, maximumErrorNm: 0.01, voxelSizeNm })
  const coarse = await simplify(whole, { factor: 100, maximumErrorNm: 40, voxelSizeNm })
  assert.ok(fine.triangles.length > 3 * coarse.triangles.length)
  assert.ok(Math.abs(volume(fine) / volume(whole) - 1) < 1e-3)
})

test('the open border is left alone', async () => {
  const whole = await ball([0, 15, 30], 100)
  const few = await simplify(whole, { factor: 100, maximumErrorNm: 1000, voxelSizeNm })
  const border = (mesh: WordMesh): string[] =>
    openEdges(mesh)
      .map((ends) => ends.map((end) => vertexOf(mesh.vertices, end).join(' ')).join(' > '))
      .sort()
  assert.ok(border(whole).length > 50)
  assert.equal(border(few), border(whole))
  assert.ok(few.triangles.length < whole.triangles.length / 2)
})

test('an object smaller than the error does not vanish', async () => {
  const voxel = await ball([7, 15, 30], 3)
  assert.is(voxel.triangles.length, 8 * 3)
  const few = await simplify(voxel, { factor: 100, maximumErrorNm: 4000, voxelSizeNm })
  assert.ok(few.triangles.length >= 4 * 3)
  assert.ok(volume(few) > 0)
  assert.equal(openEdges(few), [])
})

for (const factor of [0, 1])
  test(`factor ${factor} changes nothing`, async () => {
    const whole = await ball([7, 15, 30], 60)
    assert.is(await simplify(whole, { factor, maximumErrorNm: 40, voxelSizeNm }), whole)
  })

test('vertices without triangles go, the others keep their order', () => {
  const vertices = Uint32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)
  const { vertices: kept, triangles } = dropUnused({ vertices, triangles: Uint32Array.of(4, 0, 3) })
  assert.equal([...kept], [0, 0, 0, 3, 3, 3, 4, 4, 4])
  assert.equal([...triangles], [2, 0, 1])
})

test('parts join where they have the same vertices', () => {
  const one = { vertices: Uint32Array.of(0, 0, 0, 0, 0, 2, 0, 2, 0), triangles: Uint32Array.of(0, 1, 2) }
  const other = { vertices: Uint32Array.of(0, 2, 0, 9, 9, 9, 0, 0, 2), triangles: Uint32Array.of(0, 2, 1) }
  const joined = joinMeshes([one, other])
  assert.equal([...joined.vertices], [...one.vertices, 9, 9, 9])
  assert.equal([...joined.triangles], [0, 1, 2, 2, 1, 3])
  assert.equal(joinMeshes([]), { vertices: new Uint32Array(0), triangles: new Uint32Array(0) })
})

test('halves of a ball make a whole one', async () => {
  const center: Zyx = [7, 15, 30]
  const whole = await ball(center, 100)
  const halves = [
    await ball(center, 100, { first: 0, stop: 8 }),
    await ball(center, 100, { first: 7, stop: 14 }),
  ]
  const joined = joinMeshes(halves)
  assert.equal(trianglesByPlace(joined), trianglesByPlace(whole))
  assert.is(eulerCharacteristic(joined), 2)
})

test.run()
