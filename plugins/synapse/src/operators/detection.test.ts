import { astype, boxFromSize, createChunk, type Points, type Synapses, zyx } from '@chunkflow/sdk'
import { askPython, codeOf, seededRandom } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readRecords } from '../../../neuroglancer/src/layers/read-records.js'
import { squaredDepths } from '../kernels/depth.js'
import { synapseFolder } from '../testing/set-up.js'
import adjustPre from './adjust-pre.js'
import detectPoints from './detect-points.js'
import detectPreSynapses from './detect-pre-synapses.js'

const test = suite('detection')
const here = synapseFolder()
test.after(() => here.remove())

const SIZE = [9, 13, 17] as const
const placement = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] } as const
const at = (z: number, y: number, x: number): number => (z * SIZE[1] + y) * SIZE[2] + x

const data = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2])
data[at(2, 5, 6)] = 200
data[at(5, 8, 9)] = 250
data[at(6, 4, 14)] = 100
const chunk = createChunk(data, SIZE, { ...placement, layerType: 'probability_map' })

test('points are global voxels, the strongest first', async () => {
  const { task } = await here.run(detectPoints, { minDistance: 2 }, { chunk })
  const { points, voxelSize } = task.get<Points>('point_cloud')
  assert.equal([points.shape, points.dtype, [...voxelSize]], [[3, 3], 'int32', [40, 8, 4]])
  assert.equal([...points.data], [12, 5, 20, 9, 2, 17, 13, 1, 25])
  const few = await here.run(detectPoints, { minDistance: 2, thresholdRel: 0.5, maximumPoints: 1 }, { chunk })
  assert.equal([...few.task.get<Points>('point_cloud').points.data], [12, 5, 20])
  // one channel is a map, too
  const channel = createChunk(data, [1, ...SIZE], placement)
  const same = await here.run(detectPoints, { minDistance: 2 }, { chunk: channel })
  assert.equal(same.task.get<Points>('point_cloud').points, points)
  assert.is(await codeOf(() => detectPoints.infer!({}, { thresholdRel: 1 } as never)), 'synapses-options')
  assert.is(
    await codeOf(() =>
      detectPoints.infer!({ input: { kind: 'chunk', dtype: 'uint32' } }, { thresholdRel: 0.5 } as never),
    ),
    'points-map',
  )
})

test('presynapses are those inside the box, with their confidence; none are null', async () => {
  // the strongest one lies at the stop along x
  const bbox = boxFromSize(zyx(8, -3, 11), zyx(8, 13, 9))
  const { task } = await here.run(detectPreSynapses, { minDistance: 2 }, { chunk, bbox })
  const { pre, post, resolution, preConfidence } = task.get<Synapses>('syns')
  assert.equal([[...pre.data], post, [...resolution]], [[9, 2, 17], null, [40, 8, 4]])
  const mean = 550 / data.length
  assert.ok(Math.abs(preConfidence![0]! - (200 - mean) / (250 - mean)) < 1e-6)
  const far = boxFromSize(zyx(0, 0, 0), zyx(2, 2, 2))
  const none = await here.run(detectPreSynapses, { minDistance: 2 }, { chunk, bbox: far })
  assert.is(none.task.get('syns'), null)
})

test('presynapses move into the middle of the dark', async () => {
  const bright = new Uint8Array(data.length).fill(200)
  // dark: z 3 to 5, y 5 to 7, x 7 to 9; its middle is the only voxel two steps deep
  for (let z = 3; z <= 5; z++)
    for (let y = 5; y <= 7; y++) for (let x = 7; x <= 9; x++) bright[at(z, y, x)] = 59
  // at the threshold: not dark
  bright[at(4, 6, 11)] = 60
  const image = createChunk(bright, SIZE, placement)
  const global = (places: readonly number[]) =>
    places.map((place, index) => place + placement.voxelOffset[index % 3]!)
  const given = global([
    ...[5, 7, 9],
    // its cube ends with the dark: the corner is the farthest from what is known to be bright
    ...[3, 5, 7],
    // a part of the dark, cut off at y 6 and x 8
    ...[4, 9, 11],
    // nothing dark around
    ...[4, 4, 13],
    // too near to the border
    ...[2, 6, 8],
  ])
  const pre = { shape: [5, 3], dtype: 'int32' as const, data: Int32Array.from(given) }
  const syns: Synapses = { pre, post: null, resolution: zyx(40, 8, 4), preConfidence: new Float32Array(5) }
  const { task } = await here.run(adjustPre, { radius: 3, image: 'image' }, { syns, image })
  const moved = task.get<Synapses>('syns')
  assert.equal(
    [...moved.pre.data],
    global([...[4, 6, 8], ...[5, 7, 9], ...[4, 6, 8], ...[4, 4, 13], ...[2, 6, 8]]),
  )
  assert.equal([...pre.data], given)
  assert.is(moved.preConfidence, syns.preConfidence)
  const half = await here.run(
    adjustPre,
    { radius: 3, image: 'image' },
    { syns, image: astype(image, 'float16') },
  )
  assert.equal([...half.task.get<Synapses>('syns').pre.data], [...moved.pre.data])
  const channels = createChunk(new Uint8Array(2), [2, 1, 1, 1])
  assert.is(await codeOf(here.run(adjustPre, {}, { syns, chunk: channels })), 'points-map')
})

test('what is detected is shown in the middle of its voxels', async () => {
  const bbox = boxFromSize(zyx(7, -3, 11), SIZE)
  const { task } = await here.run(detectPreSynapses, { minDistance: 2, maximumPoints: 1 }, { chunk, bbox })
  const points = await here.run(detectPoints, { minDistance: 2, maximumPoints: 1 }, { chunk })
  for (const value of [task.get('syns'), points.task.get('point_cloud')]) {
    const layers = readRecords({ name: 'layer', options: {} }, value, zyx(1, 1, 1))!
    assert.is(layers.length, 1)
    const layer = layers[0]!
    assert.ok(layer.kind === 'annotations')
    assert.equal(
      [[...layer.coordinates], [...layer.voxelSizeNm]],
      [
        [20.5, 5.5, 12.5],
        [40, 8, 4],
      ],
    )
  }
})

test('depths are those of SciPy', () => {
  const random = seededRandom(5)
  const size = zyx(7, 9, 11)
  const inside = Uint8Array.from({ length: 7 * 9 * 11 }, () => (random() < 0.93 ? 1 : 0))
  const seen = askPython(
    ['scipy', 'numpy'],
    `
import sys, json, numpy as np
from scipy.ndimage import distance_transform_edt
v = np.frombuffer(sys.stdin.buffer.read(), 'u1').reshape(7, 9, 11)
print(json.dumps(np.rint(distance_transform_edt(v) ** 2).ravel().tolist()))`,
    { input: inside },
  )
  if (seen !== null) assert.equal([...squaredDepths(inside, size)], JSON.parse(seen))
  assert.ok(squaredDepths(new Uint8Array(8).fill(1), zyx(2, 2, 2)).every((value) => value === Infinity))
})

test.run()
