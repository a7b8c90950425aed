/** Several block sizes, compressions, parts of blocks, caches and encodings, at the level of volumes. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import {
  boundingBox,
  boxFromSize,
  type Chunk,
  chunkBox,
  createChunk,
  cutout,
  type Dtype,
  type NewVolume,
} from '@chunkflow/sdk'
import { inlineCompute, memoryStore, randomChunk, serviceFamily } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compressedSegmentation } from '../encodings/compressed-segmentation.js'
import { compresso } from '../encodings/compresso.js'
import { jpegEncoding } from '../encodings/jpeg.js'
import { pngEncoding } from '../encodings/png.js'
import { rawEncoding } from '../encodings/raw.js'
import { refuses, same } from '../testing/set-up.js'
import { createBlockCache } from './block-cache.js'
import { createPrecomputedFormat } from './format.js'

const test = suite('layouts of a volume')
const segmentation = compressedSegmentation(inlineCompute())
const readOnly = compresso(inlineCompute())
test.after(async () => {
  await segmentation.dispose()
  await readOnly.dispose()
})
const encodings = serviceFamily({
  raw: rawEncoding(),
  png: pngEncoding(),
  jpeg: jpegEncoding(),
  compressed_segmentation: segmentation,
  compresso: readOnly,
})
const open = (url = 'file:///v') => {
  const store = memoryStore()
  const format = createPrecomputedFormat({ store, encodings, cache: createBlockCache() })
  return { store, format, objects: () => store.storages.get(url)!.objects }
}
const sample: NewVolume = {
  channels: 1,
  dtype: 'uint16',
  layerType: 'image',
  encoding: 'raw',
  voxelSizeNm: [40, 8, 4],
  box: boxFromSize([7, -3, 11], [5, 9, 14]),
  blockSize: [2, 4, 8],
  factor: [1, 2, 2],
  maximumMip: 0,
}
const chunkOf = (dtype: Dtype = 'uint16', channels = 1): Chunk =>
  randomChunk(channels === 1 ? [5, 9, 14] : [channels, 5, 9, 14], {
    dtype,
    voxelOffset: sample.box.start,
    voxelSize: [40, 8, 4],
  })

test('keeps a copy for every block size, and reads the one that fits', async () => {
  const { format, store, objects } = open()
  await format.create('file:///v', sample)
  const info = JSON.parse(Buffer.from(objects().get('info')!).toString())
  // x y z: slabs and columns
  info.scales[0].chunk_sizes = [
    [14, 9, 1],
    [2, 3, 5],
  ]
  objects().set('info', Buffer.from(JSON.stringify(info)))
  const volume = (await format.open('file:///v'))!
  assert.equal(volume.description.scales[0]!.writeSize, [5, 9, 14])
  const chunk = chunkOf()
  const report = await volume.write(chunk, { mip: 0 })
  assert.is(report.blocksWritten, 5 + 3 * 7)
  assert.is([...objects().keys()].filter((key) => key.startsWith('4_8_40/')).length, 26)
  const storage = await store.open('file:///v')
  const { read } = storage
  const keys: string[] = []
  Object.assign(storage, {
    read: (key: string) => {
      keys.push(key)
      return read(key)
    },
  })
  const slice = boxFromSize([9, -3, 11], [1, 9, 14])
  same((await volume.read({ mip: 0, box: slice, fillMissing: false })).data, cutout(chunk, slice).data)
  assert.equal(keys, ['4_8_40/11-25_-3-6_9-10.gz'])
  keys.length = 0
  const column = boxFromSize([7, 0, 13], [5, 1, 1])
  same((await volume.read({ mip: 0, box: column, fillMissing: false })).data, cutout(chunk, column).data)
  assert.equal(keys, ['4_8_40/13-15_0-3_7-12.gz'])
  assert.is(await volume.hasAllBlocks(sample.box, 0), true)
  objects().delete(keys[0]!)
  assert.is(await volume.hasAllBlocks(sample.box, 0), false)
  // a slab alone does not cover the columns
  const slab = cutout(chunk, slice)
  assert.match(await refuses(volume.write(slab, { mip: 0 }), 'volume-misaligned'), '7-12_-3-6_11-25')
  await volume.write(slab, { mip: 0, allowUnaligned: true })
})

test('writes and reads every compression, by name in folders and by header elsewhere', async () => {
  const chunk = chunkOf()
  const key = '4_8_40/11-19_-3-1_7-9'
  for (const [method, suffix] of [
    ['gzip', '.gz'],
    ['br', '.br'],
    ['zstd', '.zstd'],
    ['none', ''],
  ] as const) {
    const { format, objects } = open()
    const volume = await format.create('file:///v', sample)
    // an older spelling is replaced
    objects().set(`${key}${method === 'br' ? '.gz' : '.br'}`, new Uint8Array(3))
    await volume.write(chunk, { mip: 0, compression: { method } })
    assert.equal(
      [...objects().keys()].filter((name) => name.startsWith(key)),
      [key + suffix],
    )
    same((await volume.read({ mip: 0, box: sample.box, fillMissing: false })).data, chunk.data)
    const first = objects().get(key + suffix)!
    await volume.write(chunk, { mip: 0, compression: { method } })
    assert.equal(objects().get(key + suffix), first)
    if (method === 'br') assert.is(brotliDecompressSync(first).length, 128)
    if (method === 'zstd') assert.is(undoZstd(first)?.length ?? 128, 128)
    // the same bytes in a bucket, by content encoding
    const remote = open('gs://bucket/v')
    const copy = await remote.format.create('gs://bucket/v', sample)
    await copy.write(chunk, { mip: 0, compression: { method } })
    assert.equal(remote.objects().get(key), first)
    const { headers } = remote.store.storages.get('gs://bucket/v')!
    assert.is(headers.get(key)!.contentEncoding, method === 'none' ? undefined : method)
    same((await copy.read({ mip: 0, box: sample.box, fillMissing: false })).data, chunk.data)
  }
})

/** By the program of its authors; undefined without it. */
function undoZstd(bytes: Uint8Array): Buffer | undefined {
  try {
    return execFileSync('zstd', ['-d', '-c', '-q'], { input: bytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    console.log('skipped: needs zstd')
    return undefined
  }
}

test('compressed bytes without a name or header that says so are known by their beginning', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', { ...sample, dtype: 'uint8' })
  const voxels = new Uint8Array(64).fill(5)
  objects().set('4_8_40/11-19_-3-1_7-9', gzipSync(voxels))
  // raw voxels that look like gzip are voxels
  const lookalike = voxels.slice()
  lookalike.set([0x1f, 0x8b, 8])
  objects().set('4_8_40/11-19_1-5_7-9', lookalike)
  const read = await volume.read({ mip: 0, box: boxFromSize([7, -3, 11], [1, 8, 3]), fillMissing: true })
  assert.equal([...read.data], [...Array(12).fill(5), 0x1f, 0x8b, 8, ...Array(9).fill(5)])
})

test('a bomb is refused', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', sample)
  objects().set('4_8_40/11-19_-3-1_7-9.gz', gzipSync(new Uint8Array(2 ** 24)))
  await refuses(volume.read({ mip: 0, box: sample.box, fillMissing: true }), 'block-corrupt')
})

test('parts of blocks are changed when that is asked for, in every element type and channel', async () => {
  for (const [dtype, channels, encoding] of [
    ['uint16', 1, 'raw'],
    ['uint64', 2, 'compressed_segmentation'],
    ['float32', 3, 'raw'],
    ['uint8', 4, 'png'],
  ] as const) {
    const { format, objects } = open()
    const volume = await format.create('file:///v', { ...sample, dtype, channels, encoding })
    const chunk = chunkOf(dtype, channels)
    for (const [start, stop] of [
      [11, 13],
      [13, 22],
      [22, 25],
    ] as const)
      await volume.write(cutout(chunk, boundingBox([7, -3, start], [12, 6, stop])), {
        mip: 0,
        allowUnaligned: true,
      })
    same((await volume.read({ mip: 0, box: sample.box, fillMissing: false })).data, chunk.data)
    const before = new Map(objects())
    await volume.write(cutout(chunk, boundingBox([8, -2, 12], [9, -1, 14])), { mip: 0, allowUnaligned: true })
    assert.equal(objects(), before)
  }
})

test('writers that change the same block one after the other keep both changes, with other compressions too', async () => {
  const { format, store, objects } = open()
  const volume = await format.create('file:///v', sample)
  const storage = await store.open('file:///v')
  const { write } = storage
  const chunk = chunkOf()
  const [left, right] = [boundingBox([7, -3, 11], [9, 1, 15]), boundingBox([7, -3, 15], [9, 1, 19])]
  let intruder: Promise<unknown> | undefined
  Object.assign(storage, {
    // between reading and writing of the first writer, a second one is done
    write: async (key: string, bytes: Uint8Array, options: object) => {
      if (intruder === undefined) {
        intruder = volume.write(cutout(chunk, right), { mip: 0, allowUnaligned: true })
        await intruder
      }
      return write(key, bytes, options)
    },
  })
  await volume.write(cutout(chunk, left), { mip: 0, allowUnaligned: true })
  const block = boundingBox([7, -3, 11], [9, 1, 19])
  same((await volume.read({ mip: 0, box: block, fillMissing: false })).data, cutout(chunk, block).data)
  await volume.write(cutout(chunk, left), { mip: 0, allowUnaligned: true, compression: { method: 'br' } })
  assert.equal(
    [...objects().keys()].filter((key) => key.startsWith('4_8_40/')),
    ['4_8_40/11-19_-3-1_7-9.br'],
  )
  same((await volume.read({ mip: 0, box: block, fillMissing: false })).data, cutout(chunk, block).data)
})

test('a file that others never stop changing is given up', async () => {
  const { format, store } = open()
  const volume = await format.create('file:///v', sample)
  const chunk = chunkOf()
  await volume.write(chunk, { mip: 0 })
  const storage = await store.open('file:///v')
  const { write, read } = storage
  Object.assign(storage, {
    read: async (key: string) => {
      const found = await read(key)
      if (found !== null && key.includes('/')) await write(key, found.bytes)
      return found
    },
  })
  const part = cutout(chunk, boundingBox([8, -2, 12], [9, -1, 14]))
  await refuses(volume.write(part, { mip: 0, allowUnaligned: true }), 'volume-contended')
})

test('a cache is shared by all volumes of a run, and sees what the run writes', async () => {
  const { format, store } = open()
  const volume = await format.create('file:///v', sample)
  const chunk = chunkOf()
  await volume.write(chunk, { mip: 0 })
  const storage = await store.open('file:///v')
  const { read } = storage
  let reads = 0
  Object.assign(storage, {
    read: (key: string) => {
      if (key.includes('/')) reads += 1
      return read(key)
    },
  })
  const box = boxFromSize([7, -3, 11], [2, 4, 16])
  const options = { mip: 0, box, fillMissing: true, cacheBytes: 2 ** 20 }
  const first = await volume.read(options)
  assert.is(reads, 2)
  const other = (await format.open('file:///v'))!
  const again = await other.read(options)
  assert.is(reads, 2)
  same(again.data, first.data)
  // the chunk that was read is its reader's own
  again.data.fill(0 as never)
  same((await volume.read(options)).data, first.data)
  // without the option nothing is taken from the cache
  await volume.read({ ...options, cacheBytes: 0 })
  assert.is(reads, 4)
  const changed = createChunk(
    (chunk.data as Uint16Array).map((value) => value + 1),
    [5, 9, 14],
    {
      voxelOffset: sample.box.start,
    },
  )
  await other.write(changed, { mip: 0 })
  const after = await volume.read(options)
  const inside = boundingBox([7, -3, 11], [9, 1, 25])
  same(cutout(after, inside).data, cutout(changed, inside).data)
})

test('grey jpeg volumes lose little, png volumes nothing; neither is compressed again', async () => {
  for (const [encoding, tolerance] of [
    ['jpeg', 4],
    ['png', 0],
  ] as const) {
    const { format, objects } = open()
    const volume = await format.create('file:///v', {
      ...sample,
      dtype: 'uint8',
      encoding,
      encodingSettings: { jpeg_quality: 95 },
    })
    assert.is(volume.info.scales[0]!.json.jpeg_quality, 95)
    const data = new Uint8Array(5 * 9 * 14).map((_, index) => 50 + 8 * (index % 14) + (index % 3))
    const chunk = createChunk(data, [5, 9, 14], { voxelOffset: sample.box.start })
    await volume.write(chunk, { mip: 0 })
    assert.ok(objects().has('4_8_40/19-25_5-6_11-12'))
    const read = await volume.read({ mip: 0, box: sample.box, fillMissing: false })
    const most = data.reduce(
      (sum, value, index) => Math.max(sum, Math.abs(value - Number(read.data[index]))),
      0,
    )
    assert.ok(most <= tolerance, `${encoding}: ${most}`)
    await refuses(format.create('file:///w', { ...sample, dtype: 'float32', encoding }), 'encoding-refused')
    await refuses(
      format.create('file:///w', { ...sample, dtype: 'uint8', channels: 5, encoding }),
      'encoding-refused',
    )
  }
})

const pinky = (): NewVolume => ({
  channels: 1,
  dtype: 'uint32',
  layerType: 'segmentation',
  encoding: 'compresso',
  voxelSizeNm: [40, 32, 32],
  box: boxFromSize([64, 0, 0], [64, 256, 256]),
  blockSize: [64, 256, 256],
  factor: [1, 2, 2],
  maximumMip: 0,
})

test('real labels go from compresso to every encoding and kind of shard, and come back equal', async () => {
  const { format, objects } = open()
  const source = await format.create('file:///v', pinky())
  const block = new URL('../../../../test/fixtures/pinky40/0-256_0-256_64-128.gz', import.meta.url)
  objects().set('32_32_40/0-256_0-256_64-128.gz', readFileSync(block))
  const { box } = pinky()
  const labels = await source.read({ mip: 0, box, fillMissing: false })
  assert.match(await refuses(source.write(labels, { mip: 0 }), 'encoding-refused'), 'read, not written')
  const targets: Partial<NewVolume>[] = [
    { encoding: 'raw' },
    { encoding: 'compressed_segmentation' },
    { encoding: 'compressed_segmentation', sharding: 'auto' },
  ]
  for (const hash of ['identity', 'murmurhash3_x86_128'] as const)
    for (const minishardIndexEncoding of ['raw', 'gzip'] as const)
      for (const dataEncoding of ['raw', 'gzip'] as const)
        targets.push({
          encoding: dataEncoding === 'raw' ? 'compressed_segmentation' : 'raw',
          sharding: {
            hash,
            preshiftBits: 1,
            minishardBits: 2,
            shardBits: 3,
            minishardIndexEncoding,
            dataEncoding,
          },
        })
  for (const [index, target] of targets.entries()) {
    const url = `file:///target${index}`
    // 4×3×3 blocks (zyx), ragged in y and x
    const volume = await format.create(url, { ...pinky(), blockSize: [16, 96, 100], ...target })
    await volume.write(labels, { mip: 0 })
    const copy = (await format.open(url))!
    same((await copy.read({ mip: 0, box, fillMissing: false })).data, labels.data)
  }
})

test('labels of 64 bits survive every encoding and sharding bit for bit', async () => {
  const { format } = open()
  const chunk = chunkOf('uint64')
  const values = [(1n << 64n) - 1n, (1n << 64n) - 2n, 1n << 63n, (1n << 53n) + 1n, (1n << 32n) + 7n]
  ;(chunk.data as BigUint64Array).set(values, 100)
  for (const encoding of ['raw', 'compressed_segmentation'])
    for (const sharding of [undefined, 'auto'] as const) {
      const url = `file:///${encoding}/${sharding}`
      const volume = await format.create(url, { ...sample, dtype: 'uint64', encoding, sharding })
      await volume.write(chunk, { mip: 0 })
      const read = await (await format.open(url))!.read({ mip: 0, box: chunkBox(chunk), fillMissing: false })
      same(read.data, chunk.data)
      assert.equal([...read.data.subarray(100, 105)], values)
    }
})

test('gzip blocks of other writers are what gunzip makes of them', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', sample)
  const chunk = chunkOf()
  await volume.write(chunk, { mip: 0, compression: { level: 9 } })
  const stored = gunzipSync(objects().get('4_8_40/11-19_-3-1_7-9.gz')!)
  const block = cutout(chunk, boundingBox([7, -3, 11], [9, 1, 19]))
  assert.is(Buffer.compare(stored, new Uint8Array(block.data.buffer, 0, 128)), 0)
})

test.run()
