import { gzipSync } from 'node:zlib'
import {
  boundingBox,
  type Chunk,
  createChunk,
  cutout,
  type Encoding,
  type ViewerLayer,
  type Volume,
  zyx,
} from '@chunkflow/sdk'
import { inlineCompute, ODD_PLACEMENT, ODD_SHAPE, rampChunk, serviceFamily } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readLayers } from '../layers/read-layer.js'
import { storedMeshes } from '../layers/stored-meshes.js'
import { createBlockCache } from '../levels/block-cache.js'
import { createScratch } from '../levels/scratch.js'
import { createLimiter } from '../server/limiter.js'
import type { Reply } from '../server/reply.js'
import { neuroglancerRoutes } from './routes.js'

const test = suite('neuroglancer routes')

type Ask = (path: string) => Promise<Reply | undefined>
async function serve(
  layers: readonly ViewerLayer[],
  encodings: Readonly<Record<string, Encoding>> = {},
): Promise<Ask> {
  const scratch = createScratch()
  const read = await readLayers(layers, {
    voxelSizeNm: undefined,
    cache: createBlockCache(2 ** 20),
    scratch,
    services: { compute: inlineCompute() },
  })
  const [route] = neuroglancerRoutes(read, {
    encodings: serviceFamily(encodings),
    limiter: createLimiter(2),
    scratch,
  })
  const { signal } = new AbortController()
  return async (path) => route!({ method: 'GET', path, query: new URLSearchParams(), signal })
}
const serveChunk = (value: Chunk, encodings?: Readonly<Record<string, Encoding>>): Promise<Ask> =>
  serve([{ name: 'a', value }], encodings)
const jsonOf = async (ask: Ask, path: string) => JSON.parse((await ask(path))!.body as string)
const bodyOf = async (ask: Ask, path: string): Promise<Buffer> =>
  Buffer.from((await ask(path))!.body as Uint8Array)

test('a chunk is a precomputed volume in xyz order', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
  const ask = await serveChunk(chunk)
  assert.equal(await jsonOf(ask, 'layers/0/info'), {
    '@type': 'neuroglancer_multiscale_volume',
    type: 'image',
    data_type: 'uint8',
    num_channels: 1,
    scales: [
      {
        key: 's0',
        size: [14, 9, 5],
        voxel_offset: [11, -3, 7],
        resolution: [4, 8, 40],
        chunk_sizes: [[64, 64, 64]],
        encoding: 'raw',
      },
    ],
  })
  assert.equal([...(await bodyOf(ask, 'layers/0/s0/11-25_-3-6_7-12'))], [...(chunk.data as Uint8Array)])
})

test('blocks follow the grid of their level; no other box is made', async () => {
  const chunk = rampChunk([10, 70, 130], { dtype: 'uint16', layerType: 'image', voxelOffset: [-4, 5, 6] })
  const ask = await serveChunk(chunk)
  const box = boundingBox(zyx(-4, 69, 70), zyx(6, 75, 134))
  const { data } = cutout(chunk, box)
  assert.equal(
    await bodyOf(ask, 'layers/0/s0/70-134_69-75_-4-6'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  )
  for (const path of [
    's0/70-134_69-76_-4-6',
    's0/71-135_69-75_-4-6',
    's0/6-136_5-75_-4-6',
    's0/0-999999999999_0-999999999999_0-999999999999',
    's0/70-6_69-75_-4-6',
    's0/198-262_5-69_-4-6',
  ]) {
    const reply = await ask(`layers/0/${path}`)
    assert.ok(reply === undefined || reply.status === 404, path)
  }
  for (const path of [
    'layers/0/s7/6-70_5-69_-4-6',
    'layers/9/info',
    'layers/0/../info',
    'layers/0/s0/../info',
  ])
    assert.is(await ask(path), undefined)
})

test('labels are unsigned 32 or 64 bits and exact; compressed when that is available', async () => {
  const ids = BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 64n - 1n, 5n)
  const labels = createChunk(ids, [1, 2, 2], { dtype: 'uint64' })
  const raw = await serveChunk(labels)
  assert.is((await jsonOf(raw, 'layers/0/info')).type, 'segmentation')
  assert.equal(await bodyOf(raw, 'layers/0/s0/0-2_0-2_0-1'), Buffer.from(ids.buffer))
  const seen: unknown[] = []
  const compressed_segmentation: Encoding = {
    refuses: () => undefined,
    encode: (voxels, block) => {
      seen.push(Array.from(voxels as Uint32Array), block.dtype, block.shapeCzyx)
      return Uint8Array.of(9)
    },
    decode: () => {},
  }
  const words = createChunk(Int16Array.of(1, 2, 3, 32767), [1, 2, 2], { dtype: 'int16' })
  const ask = await serveChunk(words, { compressed_segmentation })
  const info = await jsonOf(ask, 'layers/0/info')
  assert.equal([info.data_type, info.scales[0].encoding], ['uint32', 'compressed_segmentation'])
  assert.equal([...(await bodyOf(ask, 'layers/0/s0/0-2_0-2_0-1'))], [9])
  assert.equal(seen, [[1, 2, 3, 32767], 'uint32', [1, 1, 2, 2]])
})

test('element types that Neuroglancer does not know become those it does', async () => {
  for (const [dtype, expected] of [
    ['bool', 'uint8'],
    ['float16', 'float32'],
    ['float64', 'float32'],
    ['int64', 'float32'],
    ['int8', 'int8'],
    ['uint32', 'uint32'],
  ] as const) {
    const ask = await serveChunk(rampChunk([2, 3, 4], { dtype, layerType: 'image' }))
    assert.is((await jsonOf(ask, 'layers/0/info')).data_type, expected, dtype)
  }
  const halves = createChunk(Uint16Array.of(0x3c00, 0xc000), [1, 1, 2], { dtype: 'float16' })
  const ask = await serveChunk(halves)
  assert.equal(await bodyOf(ask, 'layers/0/s0/0-2_0-1_0-1'), Buffer.from(Float32Array.of(1, -2).buffer))
})

test('the state places, fits and draws every layer', async () => {
  const ask = await serve([
    {
      name: 'image',
      value: rampChunk([10, 20, 40], { dtype: 'uint8', voxelOffset: [100, 0, -8], voxelSize: [30, 6, 6] }),
    },
    { name: 'prob', value: rampChunk([1, 10, 20, 40], { dtype: 'float32' }), options: { color: 'red' } },
    { name: 'affs', value: rampChunk([3, 10, 20, 40], { dtype: 'float32' }) },
    { name: 'two', value: rampChunk([2, 10, 20, 40], { dtype: 'float32' }) },
    { name: 'many', value: rampChunk([5, 10, 20, 40], { dtype: 'uint8' }) },
    { name: 'seg', value: rampChunk([10, 20, 40], { dtype: 'uint32' }) },
    { name: 'none', value: null },
    { name: 'points', value: [[1, 2, 3]] },
  ])
  const state = await jsonOf(ask, 'state.json')
  const nm = (value: number): [number, string] => [value / 1e9, 'm']
  assert.equal(state.dimensions, { x: nm(6), y: nm(6), z: nm(30) })
  assert.equal(state.position, [12.5, 10.5, 105.5])
  const layers = Object.fromEntries(state.layers.map((layer: { name: string }) => [layer.name, layer]))
  assert.equal(Object.keys(layers), ['image', 'prob', 'affs', 'two', 'many', 'seg', 'points'])
  assert.is(layers.seg.source, 'precomputed://http://page/layers/5')
  assert.equal(layers.image.shaderControls, { normalized: { range: [0, 255] } })
  assert.equal([layers.prob.shaderControls.normalized.range, layers.prob.opacity], [[0, 1], 0.5])
  assert.match(layers.prob.shader, 'default="red"')
  for (const channel of [0, 1, 2]) assert.match(layers.affs.shader, `getDataValue(${channel})`)
  assert.match(layers.two.shader, '0.0));')
  assert.match(layers.many.shader, 'channel slider(min=0, max=4)')
  assert.equal([layers.seg.type, layers.points.type], ['segmentation', 'annotation'])
})

test('points and lines in the annotation format', async () => {
  const ask = await serve([
    {
      name: 'points',
      value: {
        points: [
          [1, 2, 3],
          [-4, 5.5, 6],
        ],
        voxelSize: [40, 8, 4],
      },
    },
    { name: 'syns', value: { pre: [[1, 2, 3]], post: [[0, 4, 5, 6]] } },
  ])
  const info = await jsonOf(ask, 'layers/0/info')
  assert.equal(info.dimensions, { x: [4e-9, 'm'], y: [8e-9, 'm'], z: [4e-8, 'm'] })
  assert.equal(
    [info.lower_bound, info.upper_bound],
    [
      [3.5, 2.5, -3.5],
      [7.5, 7, 2.5],
    ],
  )
  assert.equal(info.annotation_type, 'POINT')
  const all = await bodyOf(ask, 'layers/0/all/0_0_0')
  assert.is(all.length, 8 + 2 * 12 + 2 * 8)
  assert.is(all.readBigUInt64LE(0), 2n)
  assert.equal(
    [0, 1, 2, 3, 4, 5].map((index) => all.readFloatLE(8 + 4 * index)),
    [3.5, 2.5, 1.5, 6.5, 6, -3.5],
  )
  assert.equal([all.readBigUInt64LE(32), all.readBigUInt64LE(40)], [0n, 1n])
  const one = await bodyOf(ask, 'layers/0/by_id/1')
  assert.equal([one.length, one.readFloatLE(0)], [12, 6.5])
  assert.is(await ask('layers/0/by_id/2'), undefined)
  const lines = await bodyOf(ask, 'layers/1/all/0_0_0')
  assert.is(lines.length, 8 + 24 + 8)
  assert.equal([lines.readFloatLE(8), lines.readFloatLE(20)], [3.5, 6.5])
})

test('skeletons by id, all of them selected', async () => {
  const skeleton = {
    vertices: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    edges: [[0, 1]],
  }
  const ask = await serve([
    { name: 'skels', value: new Map([[2n ** 63n, skeleton]]), options: { color: 'red' } },
  ])
  assert.equal(await jsonOf(ask, 'layers/0/info'), {
    '@type': 'neuroglancer_skeletons',
    vertex_attributes: [],
  })
  const encoded = await bodyOf(ask, `layers/0/${2n ** 63n}`)
  assert.is(encoded.length, 8 + 24 + 8)
  assert.equal(
    [0, 4, 32, 36].map((at) => encoded.readUInt32LE(at)),
    [2, 1, 0, 1],
  )
  assert.equal([encoded.readFloatLE(8), encoded.readFloatLE(20)], [3, 6])
  assert.is(await ask('layers/0/6'), undefined)
  const [layer] = (await jsonOf(ask, 'state.json')).layers
  assert.equal(
    [layer.type, layer.segments, layer.segmentDefaultColor],
    ['segmentation', [String(2n ** 63n)], 'red'],
  )
})

test('meshes in the single-resolution format', async () => {
  const ask = await serve([
    {
      name: 'mesh',
      value: {
        5: {
          vertices: [
            [1, 2, 3],
            [0, 0, 0],
            [0, 0, 1],
          ],
          faces: [[0, 1, 2]],
        },
      },
    },
  ])
  assert.equal(await jsonOf(ask, 'layers/0/info'), { '@type': 'neuroglancer_legacy_mesh' })
  assert.equal(await jsonOf(ask, 'layers/0/5:0'), { fragments: ['5'] })
  const fragment = await bodyOf(ask, 'layers/0/5')
  assert.equal(
    [fragment.readUInt32LE(0), fragment.readFloatLE(4), fragment.readUInt32LE(4 + 36 + 8)],
    [3, 3, 2],
  )
  assert.is(await ask('layers/0/6:0'), undefined)
  assert.equal((await jsonOf(ask, 'state.json')).layers[0].segments, ['5'])
})

/** A volume of labels without voxels worth reading, and objects beside it. */
function volumeWith(
  objects: Readonly<Record<string, Uint8Array>>,
  meshFolder: string | undefined = 'some/folder',
) {
  const asked: string[] = []
  const volume = {
    description: {
      url: 'file:///v',
      channels: 1,
      dtype: 'uint64',
      layerType: 'segmentation',
      meshFolder,
      scales: [
        {
          mip: 0,
          box: boundingBox(zyx(0, 0, 0), zyx(5, 9, 14)),
          blockSize: [8, 8, 8],
          writeSize: [8, 8, 8],
          voxelSizeNm: [40, 8, 4],
        },
      ],
    },
    readObject: async (key: string) => {
      asked.push(key)
      const bytes = objects[key]
      if (bytes === undefined) return null
      return key.includes(':0:') ? { bytes, contentEncoding: 'gzip' } : { bytes }
    },
  } as unknown as Volume
  return { volume, asked }
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

test('meshes stored beside a volume are passed on as they are', async () => {
  const gzip = gzipSync('a fragment')
  const { volume, asked } = volumeWith({
    'some/folder/5:0': text('{"fragments": ["5:0:0-14_0-9_0-5"]}'),
    'some/folder/5:0:0-14_0-9_0-5': gzip,
    'some/folder/6:0:0-14_0-9_0-5': text('not compressed'),
    'some/info': text('{}'),
  })
  const ask = await serve([{ name: 'seg', volume }])
  assert.is((await jsonOf(ask, 'layers/0/info')).mesh, 'mesh')
  assert.equal(await jsonOf(ask, 'layers/0/mesh/info'), { '@type': 'neuroglancer_legacy_mesh' })
  assert.is((await bodyOf(ask, 'layers/0/mesh/5:0')).toString(), '{"fragments": ["5:0:0-14_0-9_0-5"]}')
  const fragment = await ask('layers/0/mesh/5:0:0-14_0-9_0-5')
  assert.equal([fragment!.contentEncoding, fragment!.body], ['gzip', gzip])
  assert.is((await ask('layers/0/mesh/6:0:0-14_0-9_0-5'))!.contentEncoding, undefined)
  // objects without a mesh are no errors; nothing else is found
  assert.equal(await jsonOf(ask, 'layers/0/mesh/7:0'), { fragments: [] })
  assert.is(await ask('layers/0/mesh/7:0:0-14_0-9_0-5'), undefined)
  asked.length = 0
  for (const path of ['mesh/../info', 'mesh/a/5:0', 'mesh', 'mesh/', 'meshes/5:0'])
    assert.is(await ask(`layers/0/${path}`), undefined, path)
  assert.equal(asked, [])
})

test('meshes of other formats, and at other voxel sizes, are left out', async () => {
  const infoOf = async (objects: Readonly<Record<string, Uint8Array>>, folder?: string) =>
    jsonOf(await serve([{ name: 'seg', volume: volumeWith(objects, folder).volume }]), 'layers/0/info')
  const draco = gzipSync('{"@type": "neuroglancer_multilod_draco"}')
  assert.is((await infoOf({ 'some/folder/info': draco })).mesh, undefined)
  const legacy = gzipSync('{"@type": "neuroglancer_legacy_mesh"}')
  assert.is((await infoOf({ 'some/folder/info': legacy })).mesh, 'mesh')
  const { volume } = volumeWith({})
  assert.is(await storedMeshes(volume, zyx(40, 8, 5)), undefined)
  assert.ok((await storedMeshes(volume, zyx(40, 8, 4))) !== undefined)
  // a folder that may not be read, or `../meshes`, which lies outside of the volume
  const readObject = () => Promise.reject(new Error('refused'))
  assert.is(await storedMeshes({ ...volume, readObject }, undefined), undefined)
})

test.run()
