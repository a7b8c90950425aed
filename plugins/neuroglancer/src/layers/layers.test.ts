import { chunkBox, createChunk, type Volume, zyx } from '@chunkflow/sdk'
import { inlineCompute, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createBlockCache } from '../levels/block-cache.js'
import { createScratch } from '../levels/scratch.js'
import type { AnnotationLayer, ArrayLayer, MeshLayer, SkeletonLayer } from './layer.js'
import { parseLayerName } from './layer-name.js'
import { readLayers } from './read-layer.js'
import { valueRange } from './value-range.js'
import { viewedImage, viewedLabels } from './viewed-chunk.js'

const test = suite('layers')
const settings = {
  voxelSizeNm: undefined,
  cache: createBlockCache(2 ** 20),
  scratch: createScratch(),
  services: { compute: inlineCompute() },
}
const read = (value: unknown, text = 'a', voxelSizeNm?: readonly [number, number, number]) =>
  readLayers([{ ...parseLayerName(text), value }], { ...settings, voxelSizeNm })
const role = async (chunk: unknown): Promise<string> => ((await read(chunk))[0] as ArrayLayer).role

test('names carry options in brackets', () => {
  assert.equal(parseLayerName('prob[color=red, size=5]'), {
    name: 'prob',
    options: { color: 'red', size: '5' },
  })
  assert.equal(parseLayerName('a'), { name: 'a', options: {} })
  for (const wrong of ['a[color=red', 'a]', 'a[red]', '[x=1]', 'a[b=1]c'])
    assert.throws(
      () => parseLayerName(wrong),
      (error: { code: string }) => error.code === 'viewer-options',
      wrong,
    )
})

test('options are checked: nothing else gets into a shader', async () => {
  const image = rampChunk([2, 3, 4], { dtype: 'uint8' })
  assert.is(((await read(image, 'a[color=#00ff00]'))[0] as ArrayLayer).color, '#00ff00')
  assert.match(
    await refusal(read(image, 'a[colour=red]')),
    'viewer-options: The layer "a" has no option "colour"',
  )
  assert.match(await refusal(read(image, 'a[color=x") evil("]')), '"x") evil("" is not a colour')
  assert.match(
    await refusal(read(rampChunk([3, 2, 3, 4], { dtype: 'uint8' }), 'a[color=red]')),
    'no option "color"',
  )
  assert.match(await refusal(read([[1, 2, 3]], 'a[size=-1]')), '"-1" is not a size')
})

test('chunks are images, maps and labels by their layer type', async () => {
  assert.is(await role(rampChunk([2, 3, 4], { dtype: 'uint8' })), 'image')
  assert.is(await role(rampChunk([2, 3, 4], { dtype: 'uint16' })), 'segmentation')
  assert.is(await role(rampChunk([2, 3, 4], { dtype: 'uint16', layerType: 'image' })), 'image')
  assert.is(
    await role(rampChunk([1, 2, 3, 4], { dtype: 'uint8', layerType: 'segmentation' })),
    'segmentation',
  )
  assert.is(await role(rampChunk([3, 2, 3, 4], { dtype: 'float32' })), 'probability')
  assert.is(
    await role(rampChunk([3, 2, 3, 4], { dtype: 'float32', layerType: 'affinity_map' })),
    'probability',
  )
  assert.is(await role(rampChunk([2, 3, 4], { dtype: 'float64' })), 'image')
  assert.equal(await read(null), [])
})

test('volumes of three float channels are affinities', async () => {
  const volumeOf = (channels: number, dtype: string) =>
    ({
      description: {
        channels,
        dtype,
        layerType: 'image',
        scales: [
          {
            mip: 0,
            box: chunkBox(rampChunk([2, 3, 4], { dtype: 'uint8' })),
            blockSize: [4, 4, 4],
            voxelSizeNm: [1, 1, 1],
          },
        ],
      },
      read: async () => rampChunk([channels, 2, 3, 4], { dtype: dtype as 'float32' }),
    }) as unknown as Volume
  const roleOf = async (volume: Volume) =>
    ((await readLayers([{ name: 'v', volume }], settings))[0] as ArrayLayer).role
  assert.is(await roleOf(volumeOf(3, 'float32')), 'probability')
  assert.is(await roleOf(volumeOf(3, 'uint8')), 'image')
  assert.is(await roleOf(volumeOf(1, 'float32')), 'image')
})

test('each layer has its own voxel size, unless one is given for all', async () => {
  const chunk = rampChunk([2, 3, 4], { dtype: 'uint8', voxelSize: [40, 4, 4] })
  const sizeOf = ([layer]: readonly unknown[]) => (layer as ArrayLayer).source.levels[0]!.voxelSizeNm
  assert.equal(sizeOf(await read(chunk)), [40, 4, 4])
  assert.equal(sizeOf(await read(chunk, 'a', [30, 6, 6])), [30, 6, 6])
})

test('negative labels, empty chunks, two layers of one name and other values are refused', async () => {
  const negative = createChunk(BigInt64Array.of(1n, -1n), [1, 1, 2], { dtype: 'int64' })
  assert.match(await refusal(read(negative)), 'viewer-layer: The labels "a" (int64) have negative values')
  const fine = createChunk(BigInt64Array.of(1n, 2n ** 62n), [1, 1, 2], { dtype: 'int64' })
  assert.is(await role(fine), 'segmentation')
  assert.match(
    await refusal(read(createChunk(new Uint8Array(0), [0, 3, 4], { dtype: 'uint8' }))),
    'has no voxels',
  )
  assert.match(await refusal(read('text')), 'viewer-layer: "a" is text: it cannot be shown')
  const twice = readLayers(
    [
      { name: 'a', value: fine },
      { name: 'a', value: fine },
    ],
    settings,
  )
  assert.match(await refusal(twice), 'Two layers are called "a"')
})

test('the first grey range comes from the values, without outliers', () => {
  assert.equal(valueRange(Uint8Array.of(3, 4), 'uint8'), [0, 255])
  const values = Uint16Array.from({ length: 1000 }, (_, index) => index)
  values[999] = 60000
  assert.equal(valueRange(values, 'uint16'), [5, 994])
  assert.equal(valueRange(Float32Array.of(0.5, 0.5), 'float32'), [0, 1])
  assert.equal(valueRange(Float32Array.of(Number.NaN, 5, 5), 'float32'), [5, 6])
})

test('points, as an array, a list or a cloud with a voxel size', async () => {
  const points = { data: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3], dtype: 'int32' }
  const [layer] = (await read(points, 'p[color=red,size=3]', [40, 8, 8])) as [AnnotationLayer]
  assert.equal([...layer.coordinates], [3.5, 2.5, 1.5, 6.5, 5.5, 4.5])
  assert.equal([layer.geometry, layer.color, layer.size, layer.voxelSizeNm], ['point', 'red', 3, [40, 8, 8]])
  const [cloud] = (await read({ points: [[1, 2, 3]], voxelSize: [30, 6, 6] })) as [AnnotationLayer]
  assert.equal([cloud.color, cloud.size, cloud.voxelSizeNm], ['#ffff00', 8, [30, 6, 6]])
  assert.match(await refusal(read([[1, 2]])), 'are not rows of 3 numbers')
})

test('synapses: lines from pre to post, and the presynapses', async () => {
  const synapses = {
    pre: [
      [1, 2, 3],
      [7, 8, 9],
    ],
    post: [[1, 70, 80, 90]],
    resolution: [40, 4, 4],
  }
  const [lines, points] = (await read(synapses, 'syns')) as [AnnotationLayer, AnnotationLayer]
  assert.equal(
    [lines.name, [...lines.coordinates], lines.voxelSizeNm],
    ['syns', [9.5, 8.5, 7.5, 90.5, 80.5, 70.5], [40, 4, 4]],
  )
  assert.equal([points.name, [...points.coordinates]], ['syns_pre', [3.5, 2.5, 1.5, 9.5, 8.5, 7.5]])
  assert.is((await read({ pre: [[1, 2, 3]], post: null })).length, 1)
  assert.match(
    await refusal(read({ pre: [[1, 2, 3]], post: [[1, 0, 0, 0]] })),
    'belongs to presynapse 1, but there are 1',
  )
})

test('skeletons and meshes by id', async () => {
  const skeletons = new Map([
    [
      7n,
      {
        vertices: [
          [0, 0, 0],
          [10, 20, 30],
        ],
        edges: [[0, 1]],
      },
    ],
  ])
  const [lines] = (await read(skeletons, 'a[color=red]')) as [SkeletonLayer]
  assert.equal([...lines.skeletons.get(7n)!.vertices], [0, 0, 0, 30, 20, 10])
  assert.equal([[...lines.skeletons.get(7n)!.edges], lines.color], [[0, 1], 'red'])
  const id = 2n ** 63n + 1n
  const meshes = {
    [String(id)]: {
      vertices: [
        [1, 2, 3],
        [0, 0, 0],
        [0, 0, 1],
      ],
      faces: [[0, 1, 2]],
    },
  }
  const [layer] = (await read(meshes)) as [MeshLayer]
  assert.equal([...layer.meshes.get(id)!.vertices], [3, 2, 1, 0, 0, 0, 1, 0, 0])
  assert.equal([...layer.meshes.get(id)!.triangles], [0, 1, 2])
  assert.match(
    await refusal(read({ 5: { vertices: [[1, 2, 3]], faces: [[0, 0, 1]] } })),
    'There is no vertex 1 in mesh 5, which has 1',
  )
})

test('the slice viewer takes integers for labels unless somebody said otherwise', () => {
  const words = rampChunk([2, 3, 4], { dtype: 'uint16', voxelSize: zyx(40, 4, 4) })
  assert.is(viewedImage(words).layerType, 'segmentation')
  assert.is(viewedImage(rampChunk([2, 3, 4], { dtype: 'uint16', layerType: 'image' })).layerType, 'image')
  assert.is(viewedImage(rampChunk([2, 3, 4], { dtype: 'uint8' })).layerType, 'image')
  assert.is(viewedLabels('a', rampChunk([1, 2, 3, 4], { dtype: 'uint8' })).layerType, 'segmentation')
  assert.throws(() => viewedLabels('a', rampChunk([2, 3, 4], { dtype: 'float32' })), /is no segmentation/)
})

test.run()
