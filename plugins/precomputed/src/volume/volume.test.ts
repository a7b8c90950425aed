import { brotliCompressSync, gunzipSync } from 'node:zlib'
import {
  boundingBox,
  boxFromSize,
  type Chunk,
  chunkBox,
  createChunk,
  cutout,
  DTYPE_NAMES,
  type Dtype,
  isBigDtype,
  isFloat,
  type NewVolume,
} from '@chunkflow/sdk'
import { memoryStore, randomChunk, serviceFamily } from '@chunkflow/sdk/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rawEncoding } from '../encodings/raw.js'
import { refuses } from '../testing/set-up.js'
import { createBlockCache } from './block-cache.js'
import { createPrecomputedFormat, requireVolume } from './format.js'

const test = suite('precomputed volume')
const open = () => {
  const store = memoryStore()
  const encodings = serviceFamily({ raw: rawEncoding() })
  const format = createPrecomputedFormat({ store, encodings, cache: createBlockCache() })
  return { store, format, objects: (url: string) => store.storages.get(url)!.objects }
}
const SHARDING = {
  '@type': 'neuroglancer_uint64_sharded_v1',
  hash: 'identity',
  preshift_bits: 1,
  minishard_bits: 1,
  shard_bits: 1,
}
const sample: NewVolume = {
  channels: 1,
  dtype: 'uint8',
  layerType: 'image',
  encoding: 'raw',
  voxelSizeNm: [40, 8, 4],
  box: boxFromSize([7, -3, 11], [5, 9, 14]),
  blockSize: [2, 4, 8],
  factor: [1, 2, 2],
  maximumMip: 2,
}
/** Voxels of every dtype up to the largest value, never all zero. */
function chunkLike(volume: NewVolume, dtype: Dtype, channels = 1): Chunk {
  const size = [5, 9, 14]
  const chunk = randomChunk(channels === 1 ? size : [channels, ...size], {
    dtype,
    voxelOffset: volume.box.start,
    voxelSize: volume.voxelSizeNm,
  })
  if (isBigDtype(dtype)) {
    ;(chunk.data as BigUint64Array)[3] = (1n << 64n) - 1n
    ;(chunk.data as BigUint64Array)[4] = (1n << 53n) + 1n
  }
  return chunk
}

test('paths of other formats are neither opened nor made', async () => {
  const { format, store } = open()
  for (const path of ['zarr://v', 'n5://v', 'zarr2://gs://b/v', 'gs://b/v|zarr3:']) {
    assert.is(await format.open(path), null)
    assert.match(await refuses(format.create(path, sample), 'volume-format'), 'save-zarr')
    assert.match(await refuses(requireVolume(format, path), 'volume-format'), 'save-zarr')
  }
  assert.is(store.storages.size, 0)
})

test('writes the info and the blocks of the specification', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', sample)
  const info = JSON.parse(Buffer.from(objects('file:///v').get('info')!).toString())
  assert.is(info.type, 'image')
  assert.is(info.data_type, 'uint8')
  assert.is(info.num_channels, 1)
  assert.equal(
    info.scales.map((scale: Record<string, unknown>) => [
      scale.key,
      scale.size,
      scale.voxel_offset,
      scale.resolution,
    ]),
    [
      ['4_8_40', [14, 9, 5], [11, -3, 7], [4, 8, 40]],
      ['8_16_40', [7, 5, 5], [5, -2, 7], [8, 16, 40]],
      ['16_32_40', [4, 3, 5], [2, -1, 7], [16, 32, 40]],
    ],
  )
  assert.equal(info.scales[1].chunk_sizes, [[8, 4, 2]])
  assert.equal(JSON.parse(Buffer.from(objects('file:///v').get('provenance')!).toString()).sources, [])
  const chunk = chunkLike(sample, 'uint8')
  const report = await volume.write(chunk, { mip: 0 })
  assert.is(report.blocksWritten, 3 * 3 * 2)
  assert.is(report.voxelsDropped, 0)
  const blocks = [...objects('file:///v').keys()].filter((key) => key.startsWith('4_8_40/')).sort()
  assert.is(blocks.length, 18)
  // x y z order, ragged ends, negative bounds
  assert.ok(blocks.includes('4_8_40/11-19_-3-1_7-9.gz'))
  assert.ok(blocks.includes('4_8_40/19-25_5-6_11-12.gz'))
  const raw = gunzipSync(objects('file:///v').get('4_8_40/19-25_1-5_7-9.gz')!)
  const expected = cutout(chunk, boundingBox([7, 1, 19], [9, 5, 25]))
  assert.equal([...raw], [...expected.data])
  const read = await volume.read({ mip: 0, box: chunkBox(chunk), fillMissing: false })
  assert.equal(read, { ...chunk, layerTypeDeclared: true })
})

test('keeps every element type and channel exactly', async () => {
  for (const dtype of DTYPE_NAMES.filter((name) => name !== 'bool'))
    for (const channels of [1, 3]) {
      const { format } = open()
      const volume = await format.create('file:///v', { ...sample, dtype, channels })
      const chunk = chunkLike(sample, dtype, channels)
      await volume.write(chunk, { mip: 0 })
      const reopened = (await format.open('precomputed://file:///v/'))!
      const read = await reopened.read({ mip: 0, box: chunkBox(chunk), fillMissing: false })
      assert.equal(read.shape, chunk.shape)
      assert.is(read.dtype, dtype)
      assert.equal(read.data, chunk.data, `${dtype} ${isFloat(dtype)}`)
    }
})

test('reads any box, zeros beyond the volume', async () => {
  const { format } = open()
  const volume = await format.create('file:///v', { ...sample, dtype: 'uint16' })
  const chunk = chunkLike(sample, 'uint16')
  await volume.write(chunk, { mip: 0 })
  const at = (z: number, y: number, x: number): number => {
    const [a, b, c] = [z - 7, y + 3, x - 11]
    const inside = a >= 0 && a < 5 && b >= 0 && b < 9 && c >= 0 && c < 14
    return inside ? Number(chunk.data[(a * 9 + b) * 14 + c]) : 0
  }
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: 5, max: 30 }),
      ),
      fc.tuple(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 12 }),
      ),
      async (start, size) => {
        const read = await volume.read({ mip: 0, box: boxFromSize(start, size), fillMissing: true })
        let index = 0
        for (let z = 0; z < size[0]; z++)
          for (let y = 0; y < size[1]; y++)
            for (let x = 0; x < size[2]; x++)
              if (read.data[index++] !== at(start[0] + z, start[1] + y, start[2] + x)) return false
        return true
      },
    ),
    { numRuns: 60 },
  )
})

test('crops what lies outside and counts it', async () => {
  const { format } = open()
  const volume = await format.create('file:///v', sample)
  const chunk = createChunk(new Uint8Array(7 * 11 * 20).fill(1), [7, 11, 20], { voxelOffset: [6, -4, 8] })
  const report = await volume.write(chunk, { mip: 0 })
  assert.is(report.voxelsDropped, 7 * 11 * 20 - 5 * 9 * 14)
  assert.equal(report.box, sample.box)
  const message = await refuses(volume.write(chunk, { mip: 0, strictBounds: true }), 'volume-outside')
  assert.match(message, '6-13_-4-7_8-28')
  const far = createChunk(new Uint8Array(8), [2, 2, 2], { voxelOffset: [100, 0, 11] })
  await refuses(volume.write(far, { mip: 0 }), 'volume-outside')
})

test('refuses misaligned chunks before writing, with the box that works', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', sample)
  const chunk = createChunk(new Uint8Array(2 * 4 * 7).fill(1), [2, 4, 7], { voxelOffset: [9, -3, 12] })
  const message = await refuses(volume.write(chunk, { mip: 0 }), 'volume-misaligned')
  assert.match(message, '9-11_-3-1_11-19')
  assert.equal([...objects('file:///v').keys()].sort(), ['info', 'provenance'])
  const labels = createChunk(new Uint32Array(2 * 4 * 8), [2, 4, 8], { voxelOffset: [9, -3, 11] })
  assert.match(await refuses(volume.write(labels, { mip: 0 }), 'volume-mismatch'), 'uint32')
  const channels = createChunk(new Uint8Array(2 * 2 * 4 * 8), [2, 2, 4, 8], { voxelOffset: [9, -3, 11] })
  await refuses(volume.write(channels, { mip: 0 }), 'volume-mismatch')
})

test('deletes blocks of zeros and reads them as missing', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', sample)
  const ones = createChunk(new Uint8Array(5 * 9 * 14).fill(1), [5, 9, 14], { voxelOffset: [7, -3, 11] })
  await volume.write(ones, { mip: 0 })
  assert.is(await volume.hasAllBlocks(sample.box, 0), true)
  // an older, plain spelling of a block must not survive
  objects('file:///v').set('4_8_40/11-19_-3-1_7-9', new Uint8Array(64).fill(9))
  const part = createChunk(new Uint8Array(2 * 4 * 8), [2, 4, 8], { voxelOffset: [7, -3, 11] })
  const report = await volume.write(part, { mip: 0 })
  assert.equal([report.blocksWritten, report.blocksDeleted], [0, 1])
  assert.is(await volume.hasAllBlocks(sample.box, 0), false)
  assert.is(await volume.hasAllBlocks(boundingBox([9, -3, 11], [11, 1, 19]), 0), true)
  const read = await volume.read({ mip: 0, box: chunkBox(part), fillMissing: true })
  assert.equal(read.data, part.data)
  const message = await refuses(
    volume.read({ mip: 0, box: chunkBox(part), fillMissing: false }),
    'block-missing',
  )
  assert.match(message, '4_8_40/11-19_-3-1_7-9')
})

test('reads plain, gzip and brotli blocks and says which one is damaged', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', { ...sample, box: boxFromSize([0, 0, 0], [2, 4, 24]) })
  const stored = objects('file:///v')
  stored.set('4_8_40/0-8_0-4_0-2', new Uint8Array(64).fill(1))
  stored.set('4_8_40/8-16_0-4_0-2.br', brotliCompressSync(new Uint8Array(64).fill(2)))
  stored.set('4_8_40/16-24_0-4_0-2.gz', new Uint8Array([0x1f, 0x8b, 8, 0, 0]))
  const read = await volume.read({ mip: 0, box: boxFromSize([1, 0, 6], [1, 1, 4]), fillMissing: false })
  assert.equal([...read.data], [1, 1, 2, 2])
  const whole = boxFromSize([0, 0, 0], [2, 4, 24])
  await refuses(volume.read({ mip: 0, box: whole, fillMissing: true }), 'block-corrupt')
  stored.set('4_8_40/16-24_0-4_0-2.gz', new Uint8Array(7))
  assert.match(
    await refuses(volume.read({ mip: 0, box: whole, fillMissing: true }), 'block-corrupt'),
    '7 bytes are not 1×2×4×8 voxels',
  )
})

test('object stores get content encodings, folders get names, level 0 neither', async () => {
  const { format, store, objects } = open()
  const chunk = chunkLike(sample, 'uint8')
  const encodings: (string | undefined)[] = []
  const storage = await store.open('gs://bucket/v')
  const { write } = storage
  Object.assign(storage, {
    write: (key: string, bytes: Uint8Array, options: { contentEncoding?: string }) => {
      if (key.includes('/')) encodings.push(options.contentEncoding)
      return write(key, bytes)
    },
  })
  const remote = await format.create('gs://bucket/v', sample)
  await remote.write(chunk, { mip: 0 })
  assert.equal(encodings, Array(18).fill('gzip'))
  assert.ok(objects('gs://bucket/v').has('4_8_40/11-19_-3-1_7-9'))
  const local = await format.create('file:///v', sample)
  await local.write(chunk, { mip: 0, compression: { level: 0 } })
  assert.is(objects('file:///v').get('4_8_40/11-19_-3-1_7-9')!.length, 64)
  await local.write(chunk, { mip: 0, compression: { level: 9 } })
  const first = objects('file:///v').get('4_8_40/11-19_-3-1_7-9.gz')!
  assert.is(objects('file:///v').has('4_8_40/11-19_-3-1_7-9'), false)
  await local.write(chunk, { mip: 0, compression: { level: 9 } })
  assert.equal(objects('file:///v').get('4_8_40/11-19_-3-1_7-9.gz'), first)
  assert.equal([...first.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255])
})

test('a folder behind a web server is read by its gzip names', async () => {
  const { format, objects } = open()
  const chunk = chunkLike(sample, 'uint8')
  const local = await format.create('file:///v', sample)
  await local.write(chunk, { mip: 0 })
  const remote = await format.create('https://host/v', sample)
  for (const [key, bytes] of objects('file:///v')) objects('https://host/v').set(key, bytes)
  const read = await remote.read({ mip: 0, box: sample.box, fillMissing: false })
  assert.equal(read.data, chunk.data)
})

test('a region that does not fit into memory is refused with its size', async () => {
  const { format } = open()
  const volume = await format.create('file:///v', { ...sample, box: boxFromSize([0, 0, 0], [1e5, 1e5, 1e5]) })
  const box = volume.description.scales[0]!.box
  assert.match(await refuses(volume.read({ mip: 0, box, fillMissing: true }), 'region-too-large'), 'GB')
})

test('a failure stops the writing and ends what is in flight', async () => {
  const { format, store } = open()
  const storage = await store.open('file:///v')
  const { write } = storage
  let started = 0
  let running = 0
  Object.assign(storage, {
    write: async (key: string, bytes: Uint8Array) => {
      if (!key.includes('/')) return write(key, bytes)
      started += 1
      running += 1
      const mine = started
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      if (mine === 3) throw new Error('disk full')
      return write(key, bytes)
    },
  })
  const volume = await format.create('file:///v', sample)
  const chunk = chunkLike(sample, 'uint8')
  try {
    await volume.write(chunk, { mip: 0, parallel: 2 })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'disk full')
  }
  assert.is(running, 0)
  assert.ok(started <= 4, `${started} writes were started`)
})

test('finds no volume where there is none, and refuses broken info files', async () => {
  const { format, store } = open()
  assert.is(await format.open('file:///nothing'), null)
  assert.is(await format.open('zarr://file:///v'), null)
  const storage = await store.open('file:///v')
  const put = (text: string) => storage.write('info', Buffer.from(text))
  for (const [text, message] of [
    ['{', 'not JSON'],
    ['{"@type":"neuroglancer_legacy_mesh"}', 'neuroglancer_legacy_mesh'],
    ['{"num_channels":1,"data_type":"uint7","type":"image","scales":[]}', 'uint7'],
    ['{"num_channels":1,"data_type":"uint8","type":"image","scales":[]}', 'no scales'],
    [
      '{"num_channels":1,"data_type":"uint8","type":"image","scales":[{"key":"a","encoding":"raw","size":[1,2]}]}',
      'chunk_sizes[0]',
    ],
  ]) {
    await put(text!)
    assert.match(await refuses(format.open('file:///v'), 'volume-info-invalid'), message!)
  }
  await put(
    JSON.stringify({
      num_channels: 1,
      data_type: 'uint8',
      type: 'image',
      scales: [
        { key: 'k', encoding: 'fpzip', size: [1, 2, 3], resolution: [1, 1, 1], chunk_sizes: [[1, 1, 1]] },
      ],
    }),
  )
  const volume = (await format.open('file:///v'))!
  assert.match(
    await refuses(
      volume.read({ mip: 0, box: boxFromSize([0, 0, 0], [1, 1, 1]), fillMissing: true }),
      'encoding-unknown',
    ),
    'CloudVolume reads it; encodings here: raw',
  )
  await refuses(volume.hasAllBlocks(sample.box, 1), 'volume-mip-missing')
  for (const [changes, message] of [
    [{ sharding: 7 }, 'scales[0].sharding that is not an object'],
    [{ sharding: { '@type': 'other' } }, 'scales[0].sharding.@type "other"'],
    [
      {
        sharding: SHARDING,
        chunk_sizes: [
          [1, 1, 1],
          [2, 2, 2],
        ],
      },
      'shards of 2 block sizes',
    ],
    [{ sharding: { ...SHARDING, hash: 'md5' } }, 'sharding.hash "md5"'],
    [{ sharding: { ...SHARDING, minishard_bits: 25 } }, 'sharding.minishard_bits 25'],
    [{ sharding: { ...SHARDING, shard_bits: 65 } }, 'sharding.shard_bits 65'],
    [{ sharding: { ...SHARDING, data_encoding: 'zip' } }, 'sharding.data_encoding "zip"'],
    [{ chunk_sizes: [] }, 'chunk_sizes[0] undefined'],
    [
      {
        chunk_sizes: [
          [1, 1, 1],
          [2, 0, 2],
        ],
      },
      'chunk_sizes[1] [2,0,2]',
    ],
  ] as const) {
    const [scale] = volume.info.scales
    const scales = [{ ...scale!.json, encoding: 'raw', ...changes }]
    await put(JSON.stringify({ ...volume.info.json, scales }))
    assert.match(await refuses(format.open('file:///v'), 'volume-info-invalid'), message)
  }
})

test('objects beside the blocks, under either spelling, as stored', async () => {
  const { format, store } = open()
  for (const [url, isFolder] of [
    ['file:///beside', true],
    ['gs://bucket/beside', false],
  ] as const) {
    const volume = await format.create(url, { ...sample, layerType: 'segmentation' })
    assert.is(volume.description.meshFolder, 'mesh')
    const storage = await store.open(url)
    await storage.write('mesh/5:0', Uint8Array.of(1))
    await storage.write('mesh/6.gz', Uint8Array.of(2))
    assert.equal([...(await volume.readObject!('mesh/5:0'))!.bytes], [1])
    const packed = await volume.readObject!('mesh/6')
    assert.equal(packed && [...packed.bytes, packed.contentEncoding], isFolder ? [2, 'gzip'] : null)
    assert.is(await volume.readObject!('mesh/7'), null)
    assert.is(await refuses(volume.readObject!('../secret'), 'storage-key-invalid').then(Boolean), true)
  }
  const image = await format.create('file:///image', sample)
  assert.is(image.description.meshFolder, undefined)
})

test.run()
