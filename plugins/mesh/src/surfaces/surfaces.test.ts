import { createChunk, type Dtype, emptyChunk, type Zyx } from '@chunkflow/sdk'
import { errorOf, inlineCompute, seededRandom } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { extractAll } from '../testing/extract.js'
import { referenceTriangles } from '../testing/reference.js'
import {
  eulerCharacteristic,
  openEdges,
  type Point,
  signedVolume,
  trianglesByPlace,
  vertexOf,
} from '../testing/topology.js'
import { placeMesh } from '../worker/place.js'
import { countSurfaces } from './surfaces.js'

const test = suite('surfaces')

/** A chunk whose voxels a function gives. */
function paint(size: Zyx, dtype: Dtype, label: (z: number, y: number, x: number) => number | bigint) {
  const chunk = emptyChunk(dtype, size)
  let index = 0
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[2]; x++) chunk.data[index++] = label(z, y, x) as never
  return chunk
}
/** Labels in runs along x, as segmentations have them, or one a voxel. */
function randomLabels(size: Zyx, dtype: Dtype, ids: readonly (number | bigint)[], run: number, seed: number) {
  const random = seededRandom(seed)
  let [left, label] = [0, ids[0]!]
  return paint(size, dtype, () => {
    if (left-- <= 0) [left, label] = [Math.floor(random() * run), ids[Math.floor(random() * ids.length)]!]
    return label
  })
}
const volumeNm = (
  mesh: Parameters<typeof placeMesh>[0],
  voxelSizeNm: Zyx,
  voxelOffsetZyx: Zyx = [0, 0, 0],
) => {
  const { vertices, triangles } = placeMesh(mesh, { voxelSizeNm, voxelOffsetZyx })
  return signedVolume(vertices, triangles)
}
const near = (actual: number, expected: number, tolerance = 1e-6): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.abs(expected), `${actual}, not ${expected}`)

test('a voxel: an octahedron around its centre, in nm x y z', async () => {
  const chunk = paint([3, 4, 5], 'uint8', (z, y, x) => (z === 1 && y === 2 && x === 3 ? 7 : 0))
  const mesh = (await extractAll(chunk)).get(7n)!
  const { vertices, triangles } = placeMesh(mesh, { voxelSizeNm: [40, 8, 4], voxelOffsetZyx: [10, -20, 30] })
  const points = Array.from({ length: 6 }, (_, index) => vertexOf(vertices, index).join(' ')).sort()
  // centre: x (30 + 3) * 4 = 132, y (-20 + 2) * 8 = -144, z (10 + 1) * 40 = 440
  assert.equal(
    points,
    ['130 -144 440', '134 -144 440', '132 -148 440', '132 -140 440', '132 -144 420', '132 -144 460'].sort(),
  )
  assert.is(triangles.length, 8 * 3)
  assert.equal(openEdges(mesh), [])
  // a sixth of the voxel of 40 × 8 × 4
  near(signedVolume(vertices, triangles), (40 * 8 * 4) / 6)
})

test('a box: volume by hand', async () => {
  const [a, b, c] = [4, 3, 6]
  const chunk = paint([7, 6, 12], 'uint16', (z, y, x) =>
    z >= 1 && z < 1 + a && y >= 2 && y < 2 + b && x >= 4 && x < 4 + c ? 513 : 0,
  )
  const mesh = (await extractAll(chunk)).get(513n)!
  assert.is(eulerCharacteristic(mesh), 2)
  // edges are cut by an eighth of a voxel along their length, corners leave a 48th of their eighth
  const expected = a * b * c - (4 / 8) * (a - 1 + b - 1 + c - 1) - 8 * (1 / 8 - 1 / 48)
  near(volumeNm(mesh, [1, 1, 1]), expected)
  near(volumeNm(mesh, [40, 8, 4], [100, -7, 3]), expected * 40 * 8 * 4, 1e-4)
})

test('two labels that touch share the places of their wall, each seen from its own side', async () => {
  const chunk = paint([5, 6, 9], 'uint32', (z, y, x) =>
    z > 0 && z < 4 && y > 0 && y < 5 && x > 0 && x < 8 ? (x < 4 ? 70000 : 9) : 0,
  )
  const meshes = await extractAll(chunk)
  /** Places in the wall at x = 3.5, and how much of it is seen from the side of larger x. */
  const wallOf = (id: bigint) => {
    const { vertices, triangles } = meshes.get(id)!
    const places = new Set<string>()
    let seen = 0
    for (let at = 0; at < triangles.length; at += 3) {
      const corners = [0, 1, 2].map((index) => vertexOf(vertices, triangles[at + index]!)) as Point[]
      if (corners.some(([, , x]) => x !== 7)) continue
      for (const corner of corners) places.add(corner.join(' '))
      const [[az, ay], [bz, by], [cz, cy]] = corners as [Point, Point, Point]
      seen += ((by - ay) * (cz - az) - (bz - az) * (cy - ay)) / 2
    }
    return { places: [...places].sort(), seen }
  }
  const [left, right] = [wallOf(70000n), wallOf(9n)]
  assert.is(left.places.length, 3 * 4)
  assert.equal(left.places, right.places)
  // 2 × 3 cells of 2 × 2 half voxels
  assert.equal([left.seen, right.seen], [24, -24])
  for (const mesh of meshes.values()) assert.equal(openEdges(mesh), [])
})

for (const dtype of ['uint8', 'int16', 'uint32', 'uint64'] as const)
  for (const run of [1, 12])
    test(`${dtype}, runs up to ${run}: as cell by cell`, async () => {
      const ids = dtype === 'uint64' ? [0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n] : [0, 3, 97, 100]
      const chunk = randomLabels([5, 7, 22], dtype, ids, run, 5)
      const meshes = await extractAll(chunk)
      assert.equal(
        [...meshes.keys()],
        ids.slice(1).map((id) => BigInt(id)),
      )
      for (const [id, mesh] of meshes) assert.equal(trianglesByPlace(mesh), referenceTriangles(chunk, id))
    })

for (const width of [15, 16, 17, 18, 32, 33, 53])
  test(`rows of ${width}: as cell by cell`, async () => {
    for (const dtype of ['uint8', 'uint64'] as const) {
      const ids = dtype === 'uint8' ? [0, 2, 5] : [0n, 2n, 5n]
      const chunk = randomLabels([4, 5, width], dtype, ids, 40, width)
      for (const [id, mesh] of await extractAll(chunk))
        assert.equal(trianglesByPlace(mesh), referenceTriangles(chunk, id))
    }
  })

test('only wanted labels get surfaces; the others are what lies outside', async () => {
  const chunk = randomLabels([4, 6, 9], 'uint32', [0, 1, 2, 3], 3, 8)
  const meshes = await extractAll(chunk, { ids: BigUint64Array.of(2n) })
  assert.equal(trianglesByPlace(meshes.get(2n)!), referenceTriangles(chunk, 2n))
})

test('surfaces are closed but for the border, vertices are unique, no edge belongs to more than two triangles', async () => {
  const size: Zyx = [6, 7, 8]
  for (let seed = 1; seed <= 12; seed++)
    for (const [, mesh] of await extractAll(randomLabels(size, 'uint8', [0, 1, 2], 2, seed))) {
      const { vertices } = mesh
      const places = Array.from({ length: vertices.length / 3 }, (_, index) => vertexOf(vertices, index))
      assert.is(new Set(places.map((place) => place.join())).size, places.length)
      for (const ends of openEdges(mesh)) {
        const [from, to] = ends.map((end) => places[end]!) as [Point, Point]
        const isOnBorder = size.some(
          (length, axis) => from[axis] === to[axis] && (from[axis] === 0 || from[axis] === 2 * (length - 1)),
        )
        assert.ok(isOnBorder, `${from} to ${to} is open`)
      }
    }
})

test('Euler characteristic and volume: a ball, a ring, a shell', async () => {
  const center = 12
  const distance = (z: number, y: number, x: number): number => Math.hypot(z - center, y - center, x - center)
  const ring = (z: number, y: number, x: number): number =>
    Math.hypot(Math.hypot(y - center, x - center) - 7, z - center)
  for (const [name, inside, expected] of [
    ['ball', (z: number, y: number, x: number) => distance(z, y, x) < 9, 2],
    ['ring', (z: number, y: number, x: number) => ring(z, y, x) < 3, 0],
    ['shell', (z: number, y: number, x: number) => distance(z, y, x) < 9 && distance(z, y, x) > 4, 4],
  ] as const) {
    let voxels = 0
    const chunk = paint([25, 25, 25], 'uint8', (z, y, x) => {
      if (!inside(z, y, x)) return 0
      voxels++
      return 1
    })
    const mesh = (await extractAll(chunk)).get(1n)!
    assert.equal(openEdges(mesh), [], name)
    assert.is(eulerCharacteristic(mesh), expected, name)
    near(volumeNm(mesh, [1, 1, 1]), voxels, 0.03)
  }
})

test('chunks that overlap by one voxel have what the whole has, and the same vertices at their border', async () => {
  const size: Zyx = [6, 7, 13]
  const whole = randomLabels(size, 'uint32', [0, 5, 6], 4, 21)
  const part = (from: number, to: number) =>
    createChunk(
      Uint32Array.from({ length: 6 * 7 * (to - from) }, (_, index) => {
        const [row, x] = [Math.floor(index / (to - from)), index % (to - from)]
        return Number(whole.data[row * 13 + from + x])
      }),
      [6, 7, to - from],
      { voxelOffset: [0, 0, from] },
    )
  const chunks = [part(0, 6), part(5, 13)]
  const placed = await Promise.all(
    chunks.map(async (chunk) => {
      const mesh = (await extractAll(chunk)).get(5n)!
      return placeMesh(mesh, { voxelSizeNm: [45, 3.3, 5.7], voxelOffsetZyx: chunk.voxelOffset })
    }),
  )
  const all = placeMesh((await extractAll(whole)).get(5n)!, {
    voxelSizeNm: [45, 3.3, 5.7],
    voxelOffsetZyx: [0, 0, 0],
  })
  const words = ({ vertices, triangles }: typeof all) => ({
    vertices: new Uint32Array(vertices.buffer),
    triangles,
  })
  assert.equal(placed.flatMap((mesh) => trianglesByPlace(words(mesh))).sort(), trianglesByPlace(words(all)))
  const border = ({ vertices }: typeof all): string[] =>
    Array.from({ length: vertices.length / 3 }, (_, index) => vertexOf(vertices, index))
      .filter(([x]) => x === Math.fround(5 * 5.7))
      .map((place) => place.join())
      .sort()
  assert.ok(border(placed[0]!).length > 10)
  assert.equal(border(placed[0]!), border(placed[1]!))
})

test('sections from the middle have their own z', async () => {
  const chunk = randomLabels([7, 5, 6], 'uint8', [0, 1], 3, 2)
  const top = (await extractAll(chunk, { first: 0, stop: 4 })).get(1n)!
  const bottom = (await extractAll(chunk, { first: 3, stop: 7 })).get(1n)!
  const whole = (await extractAll(chunk)).get(1n)!
  assert.equal([...trianglesByPlace(top), ...trianglesByPlace(bottom)].sort(), trianglesByPlace(whole))
})

test('there is no surface without cells, nor around a chunk of one label', async () => {
  for (const size of [
    [1, 4, 4],
    [4, 1, 4],
    [4, 4, 1],
    [0, 4, 4],
  ] as const) {
    const chunk = paint(size, 'uint8', (_z, _y, x) => x)
    const [mesh] = (await extractAll(chunk, { ids: BigUint64Array.of(1n) })).values()
    assert.equal([mesh!.vertices.length, mesh!.triangles.length], [0, 0])
  }
  const [solid] = (await extractAll(paint([3, 3, 3], 'uint8', () => 4))).values()
  assert.is(solid!.triangles.length, 0)
})

test('many labels: one a voxel, each an octahedron or what the border leaves of it', async () => {
  const size: Zyx = [9, 40, 41]
  const chunk = paint(size, 'uint64', (z, y, x) => BigInt((z * 40 + y) * 41 + x + 1) * 0x1234567891n)
  const ids = BigUint64Array.from(chunk.data as BigUint64Array)
  const counts = await countSurfaces({ chunk, first: 0, stop: 9 }, ids, { compute: inlineCompute() })
  const middle = (4 * 40 + 20) * 41 + 20
  assert.equal([counts.vertices[middle], counts.triangles[middle]], [6, 8])
  // a corner of the chunk has three neighbours in one cell
  assert.equal([counts.vertices[0], counts.triangles[0]], [3, 1])
})

test('sections beyond the memory of a kernel are refused', async () => {
  const chunk = { ...paint([2, 2, 2], 'uint8', () => 1), shape: [2, 20000, 20000] as const }
  const error = await errorOf(
    countSurfaces({ chunk, first: 0, stop: 2 }, BigUint64Array.of(1n), { compute: inlineCompute() }),
  )
  assert.is(error.code, 'mesh-too-large')
})

test.run()
