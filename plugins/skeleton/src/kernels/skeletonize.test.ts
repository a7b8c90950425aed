import { allocate, type Chunk, createChunk, type Dtype, type Skeleton, type Zyx, zyx } from '@chunkflow/sdk'
import { askPython, codeOf, inlineCompute, seededRandom } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cableOf, shapeOf, treesOf, verticesOfDegree } from '../testing/forest.js'
import { objectsOf } from './objects.js'
import { skeletonizeObjects } from './skeletonize.js'
import base64 from './skeletonize.wasm.js'
import { measure, requireSize, type TeasarParameters } from './trace-object.js'

const test = suite('skeletonize')
const services = { compute: inlineCompute() }
const PARAMETERS: TeasarParameters = {
  scale: 4,
  constantNm: 0,
  penaltyExponent: 4,
  penaltyScale: 100_000,
  fixBorders: false,
}
const OFFSET = [7, -3, 11] as const

/** A label volume in which a function names the label of each voxel. */
function labels(
  size: Zyx,
  label: (z: number, y: number, x: number) => number,
  dtype: Dtype = 'uint32',
): Chunk {
  const data = allocate(dtype, size[0] * size[1] * size[2])
  let index = 0
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[2]; x++)
        data[index++] = data instanceof BigUint64Array ? BigInt(label(z, y, x)) : label(z, y, x)
  return createChunk(data, size, { dtype, voxelOffset: OFFSET, layerType: 'segmentation' })
}

const trace = async (chunk: Chunk, voxelSize: Zyx, more: Partial<TeasarParameters> = {}) =>
  skeletonizeObjects(chunk, await objectsOf(chunk, services), voxelSize, { ...PARAMETERS, ...more }, services)

/** Index of a voxel from a vertex. */
const voxelOf = (place: readonly number[], voxelSize: Zyx): number[] =>
  place.map((value, axis) => Math.round(value / voxelSize[axis]!) - OFFSET[axis]!)
const placeOf = (voxel: readonly number[], voxelSize: Zyx): number[] =>
  voxel.map((value, axis) => (value + OFFSET[axis]!) * voxelSize[axis]!)

test('objects are listed with their boxes, by exact id', async () => {
  const chunk = labels(zyx(4, 5, 6), (z, y, x) =>
    z > 0 && y === 2 && x < 3 ? 5 : z === 3 && y === 4 ? 2 : 0,
  )
  const big = createChunk(
    BigUint64Array.from(chunk.data as Uint32Array, (id) => (id === 5 ? 2n ** 64n - 1n : BigInt(id))),
    chunk.shape,
  )
  const expected = [
    { id: 2n, voxels: 6, start: [3, 4, 0], size: [1, 1, 6] },
    { id: 5n, voxels: 9, start: [1, 2, 0], size: [3, 1, 3] },
  ]
  const plain = async (given: Chunk) =>
    (await objectsOf(given, services)).map(({ start, size, ...rest }) => ({
      ...rest,
      start: [...start],
      size: [...size],
    }))
  assert.equal(await plain(chunk), expected)
  assert.equal(await plain(big), [expected[0], { ...expected[1], id: 2n ** 64n - 1n }])
  assert.is(await codeOf(objectsOf(createChunk(new Int8Array([-1]), [1, 1, 1]), services)), 'skeleton-labels')
  // more labels than the table holds at first
  const many = createChunk(
    Uint32Array.from({ length: 5000 }, (_, id) => id),
    [10, 20, 25],
  )
  const found = await objectsOf(many, services)
  assert.is(found.length, 4999)
  assert.ok(found.every(({ id, voxels }, index) => id === BigInt(index + 1) && voxels === 1))
})

test('a straight anisotropic tube is one line through its middle, from end to end', async () => {
  // along x; 3 voxels of 40 nm by 11 of 10 nm
  const chunk = labels(zyx(7, 17, 64), (z, y, x) =>
    z >= 2 && z <= 4 && y >= 3 && y <= 13 && x >= 4 && x < 60 ? 9 : 0,
  )
  const size = zyx(40, 10, 8)
  const skeleton = (await trace(chunk, size)).get(9n)!
  assert.is(treesOf(skeleton), 1)
  assert.is(verticesOfDegree(skeleton, (degree) => degree > 2).length, 0)
  const ends = verticesOfDegree(skeleton, (degree) => degree === 1).map((place) => voxelOf(place, size))
  // from corner to corner: those voxels are the farthest from each other
  assert.equal(ends, [
    [2, 3, 4],
    [4, 13, 59],
  ])
  const inner = verticesOfDegree(skeleton, () => true)
    .map((place) => voxelOf(place, size))
    .filter(([, , x]) => x! >= 16 && x! <= 47)
  assert.equal(
    inner,
    Array.from({ length: 32 }, (_, step) => [3, 8, 16 + step]),
  )
  // straight from the one to the other, and at the ends from the corners to the middle
  const { data } = skeleton.vertices
  const middle = [...Array(data.length / 3).keys()].find((vertex) => data[3 * vertex + 2] === (30 + 11) * 8)!
  assert.is(skeleton.radii![middle], 60)
  assert.ok(cableOf(skeleton) > 55 * 8 && cableOf(skeleton) < 55 * 8 + 2 * (40 + 50))
})

test('a line of voxels has the length that its steps have', async () => {
  // steps: 6 along x, then 3 diagonal ones in y and x, then 4 in z and x
  const path = new Set<string>()
  let [z, y, x] = [1, 1, 1]
  path.add(`${z} ${y} ${x}`)
  const go = (steps: number, dz: number, dy: number, dx: number): void => {
    for (let step = 0; step < steps; step++) {
      ;[z, y, x] = [z + dz, y + dy, x + dx]
      path.add(`${z} ${y} ${x}`)
    }
  }
  go(6, 0, 0, 1)
  go(3, 0, 1, 1)
  go(4, 1, 0, 1)
  const chunk = labels(zyx(7, 6, 16), (...place) => (path.has(place.join(' ')) ? 1 : 0), 'uint8')
  const skeleton = (await trace(chunk, zyx(15, 6, 8))).get(1n)!
  assert.is(skeleton.vertices.shape[0], 14)
  assert.is(treesOf(skeleton), 1)
  assert.is(cableOf(skeleton), 6 * 8 + 3 * 10 + 4 * 17)
  assert.equal(
    verticesOfDegree(skeleton, (degree) => degree === 1),
    [placeOf([1, 1, 1], zyx(15, 6, 8)), placeOf([5, 4, 14], zyx(15, 6, 8))],
  )
})

test('the arms of a Y meet in one fork; of each part there is one tree', async () => {
  // a stem along x, two arms in y from its end, and a part of its own
  const size = zyx(5, 41, 40)
  const chunk = labels(
    size,
    (z, y, x) =>
      z >= 1 && z <= 3 && y >= 19 && y <= 21 && x < 21
        ? 3
        : z >= 1 && z <= 3 && y >= 2 && y <= 38 && x >= 20 && x <= 22
          ? 3
          : z === 2 && y >= 30 && x === 35
            ? 3
            : 0,
    'uint16',
  )
  const voxelSize = zyx(10, 10, 10)
  const skeleton = (await trace(chunk, voxelSize)).get(3n)!
  assert.is(treesOf(skeleton), 2)
  const forks = verticesOfDegree(skeleton, (degree) => degree > 2).map((place) => voxelOf(place, voxelSize))
  assert.is(forks.length, 1)
  const [z, y, x] = forks[0]!
  assert.is(z, 2)
  assert.ok(Math.abs(y! - 20) <= 2 && Math.abs(x! - 21) <= 2, `${forks[0]}`)
  const ends = verticesOfDegree(skeleton, (degree) => degree === 1).map((place) => voxelOf(place, voxelSize))
  assert.is(ends.length, 5)
  assert.ok(ends.some(([, , column]) => column === 0))
  for (const row of [2, 38]) assert.ok(ends.some((end) => end[1] === row && end[2]! >= 20 && end[2]! <= 22))
  assert.equal(
    ends.filter((end) => end[2] === 35).map((end) => end[1]),
    [30, 40],
  )
})

test('what is near a line is not traced again: scale × distance to the surface + constant', async () => {
  // a bump of 6 voxels on a line of single voxels, whose radius is 10 nm
  const chunk = labels(zyx(3, 12, 41), (z, y, x) =>
    z === 1 && ((y === 2 && x > 0 && x < 40) || (x === 20 && y >= 2 && y <= 8)) ? 1 : 0,
  )
  const forks = async (more: Partial<TeasarParameters>): Promise<number> => {
    const skeleton = (await trace(chunk, zyx(10, 10, 10), more)).get(1n)!
    return verticesOfDegree(skeleton, (degree) => degree > 2).length
  }
  // its tip lies 60 nm from the line
  assert.is(await forks({ scale: 5.9 }), 1)
  assert.is(await forks({ scale: 6 }), 0)
  assert.is(await forks({ scale: 0, constantNm: 59 }), 1)
  assert.is(await forks({ scale: 1, constantNm: 50 }), 0)
})

test('a ball covers what hangs together in it, not what passes by', async () => {
  // a hairpin: two lines 20 nm apart that meet at x = 60
  const chunk = labels(zyx(1, 5, 62), (_, y, x) =>
    ((y === 1 || y === 3) && x < 60) || (y === 2 && x === 60) ? 1 : 0,
  )
  const skeleton = (await trace(chunk, zyx(10, 10, 10), { scale: 0, constantNm: 100 })).get(1n)!
  const ends = verticesOfDegree(skeleton, (degree) => degree === 1).map((place) =>
    voxelOf(place, zyx(10, 10, 10)),
  )
  assert.equal(ends, [
    [0, 1, 0],
    [0, 3, 0],
  ])
})

test('single voxels, objects that fill everything, sections and all integer types work', async () => {
  const one = (
    await trace(
      labels(zyx(3, 3, 3), (z, y, x) => (z + y + x === 3 && z === 1 && y === 1 ? 7 : 0)),
      zyx(40, 8, 8),
    )
  ).get(7n)!
  assert.equal([one.vertices.shape, one.edges.shape, [...one.radii!]], [[1, 3], [0, 2], [8]])
  assert.equal([...one.vertices.data], [(7 + 1) * 40, (-3 + 1) * 8, (11 + 1) * 8])
  const full = (
    await trace(
      labels(zyx(5, 5, 21), () => 1),
      zyx(10, 10, 10),
    )
  ).get(1n)!
  assert.is(treesOf(full), 1)
  assert.ok(full.radii!.every((radius) => radius >= 10 && radius <= 30))
  const shapes: string[] = []
  for (const dtype of ['bool', 'uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64'] as const) {
    const section = labels(zyx(1, 9, 20), (_, y) => (y >= 3 && y <= 5 ? 1 : 0), dtype)
    shapes.push(shapeOf((await trace(section, zyx(40, 8, 8))).get(1n)!).join())
  }
  assert.is(new Set(shapes).size, 1)
  assert.is(
    (
      await trace(
        labels(zyx(2, 2, 2), () => 0),
        zyx(1, 1, 1),
      )
    ).size,
    0,
  )
  const huge = { id: 1n, voxels: 10, start: zyx(0, 0, 0), size: zyx(1100, 1000, 1000) }
  assert.is(await codeOf(() => requireSize(huge)), 'skeleton-too-large')
})

/** Random objects that branch and touch. */
function randomObjects(seed: number): Chunk {
  const random = seededRandom(seed)
  const size = zyx(19, 33, 41)
  const waves = Array.from(
    { length: 6 },
    () => [random() * 2, random() * 0.5, random() * 0.5, random() * 6] as const,
  )
  return labels(size, (z, y, x) => {
    const value = waves.reduce((sum, [a, b, c, phase]) => sum + Math.sin(a * z + b * y + c * x + phase), 0)
    return value > 1.2 ? 2 : value < -1.5 ? 1 : 0
  })
}

for (const [seed, voxelSize] of [
  [1, [1, 1, 1]],
  [2, [40, 8, 4]],
  [3, [30, 6, 7]],
] as const)
  test(`distances to the surface are exactly SciPy's, lines lie in their objects: ${voxelSize.join(' ')}`, async () => {
    const chunk = randomObjects(seed)
    const nm = zyx(voxelSize[0], voxelSize[1], voxelSize[2])
    const objects = await objectsOf(chunk, services)
    assert.is(objects.length, 2)
    const skeletons = await trace(chunk, nm, { constantNm: 4 * voxelSize[2] })
    for (const object of objects) {
      const session = await services.compute.open({ name: 'skeletonize', base64 })
      await measure(session, chunk, object, nm)
      const surface = new Float32Array(new SharedArrayBuffer(4 * object.voxels))
      await session.call({ export: 'readSurface', args: [{ out: surface }, 0, object.voxels] })
      await session.close()
      const skeleton = skeletons.get(object.id)!
      const seen = askPython(
        ['scipy', 'numpy'],
        `
import sys, json, numpy as np
from scipy import ndimage
v = np.frombuffer(sys.stdin.buffer.read(), 'u4').reshape(19, 33, 41) == ${object.id}
d = ndimage.distance_transform_edt(v, sampling=${JSON.stringify(voxelSize)})
print(json.dumps([d[v].tolist(), ndimage.label(v, np.ones((3, 3, 3)))[1]]))`,
        { input: Buffer.from(chunk.data.buffer) },
      )
      if (seen !== null) {
        const [distances, parts] = JSON.parse(seen) as [number[], number]
        assert.ok(distances.length > 500)
        assert.equal([...surface], distances.map(Math.fround))
        assert.is(treesOf(skeleton), parts)
      }
      assert.ok(skeleton.vertices.shape[0]! > 20)
      for (let vertex = 0; vertex < skeleton.vertices.shape[0]!; vertex++) {
        const [z, y, x] = voxelOf(
          Array.from(skeleton.vertices.data.subarray(vertex * 3, vertex * 3 + 3), Number),
          nm,
        ) as [number, number, number]
        assert.is(BigInt(chunk.data[(z * 33 + y) * 41 + x]!), object.id)
      }
      // every step leads to a neighbour
      for (let edge = 0; edge < skeleton.edges.data.length; edge += 2) {
        const [from, to] = [0, 1].map((end) => Number(skeleton.edges.data[edge + end]) * 3) as [
          number,
          number,
        ]
        for (let axis = 0; axis < 3; axis++)
          assert.ok(
            Math.abs(
              Number(skeleton.vertices.data[from + axis]) - Number(skeleton.vertices.data[to + axis]),
            ) <=
              voxelSize[axis]! * 1.001,
          )
      }
    }
  })

test('chunks that share a section have a vertex in common in each cut', async () => {
  const whole = randomObjects(4)
  const cut = (start: number, stop: number): Chunk =>
    createChunk((whole.data as Uint32Array).slice(start * 33 * 41, stop * 33 * 41), [stop - start, 33, 41], {
      voxelOffset: [OFFSET[0] + start, OFFSET[1], OFFSET[2]],
      layerType: 'segmentation',
    })
  const nm = zyx(40, 8, 8)
  const [low, high] = [cut(0, 10), cut(9, 19)]
  const inPlane = ({ vertices }: Skeleton): Set<string> => {
    const places = new Set<string>()
    for (let vertex = 0; vertex < vertices.shape[0]!; vertex++) {
      const place = vertices.data.subarray(vertex * 3, vertex * 3 + 3)
      if (place[0] === (OFFSET[0] + 9) * 40) places.add(place.join(' '))
    }
    return places
  }
  const [below, above] = [
    await trace(low, nm, { fixBorders: true }),
    await trace(high, nm, { fixBorders: true }),
  ]
  for (const id of [1n, 2n]) {
    const seen = askPython(
      ['scipy', 'numpy'],
      `
import sys, numpy as np
from scipy import ndimage
v = np.frombuffer(sys.stdin.buffer.read(), 'u4').reshape(19, 33, 41)[9] == ${id}
print(ndimage.label(v, np.ones((3, 3)))[1])`,
      { input: Buffer.from(whole.data.buffer) },
    )
    const common = [...inPlane(below.get(id)!)].filter((place) => inPlane(above.get(id)!).has(place))
    if (seen !== null) assert.ok(common.length >= Number(seen), `${common.length} of ${seen}`)
    assert.is(treesOf(below.get(id)!) > 0, true)
  }
})

test.run()
