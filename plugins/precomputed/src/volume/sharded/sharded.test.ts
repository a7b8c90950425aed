import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  boundingBox,
  boxFromSize,
  type Chunk,
  chunkBox,
  createChunk,
  cutout,
  type NewVolume,
  type Sharding,
} from '@chunkflow/sdk'
import { askPython, memoryStore, randomChunk, serviceFamily, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openFileStorage } from '../../../../storage-file/src/file-storage.js'
import { rawEncoding } from '../../encodings/raw.js'
import { refuses, same } from '../../testing/set-up.js'
import { createBlockCache } from '../block-cache.js'
import { createPrecomputedFormat } from '../format.js'
import { mortonAxes, mortonBox, mortonCode } from './morton-code.js'
import { murmurHash } from './murmur-hash.js'
import { decodeMinishardIndex, findChunk, printShard } from './shard-file.js'
import { chooseSharding, placeOf, printSharding, shardName, shardSize } from './sharding.js'

const test = suite('sharded volumes')

const IDENTITY: Sharding = {
  hash: 'identity',
  preshiftBits: 1,
  minishardBits: 1,
  shardBits: 3,
  minishardIndexEncoding: 'raw',
  dataEncoding: 'raw',
}
const MURMUR: Sharding = { ...IDENTITY, hash: 'murmurhash3_x86_128' }

const open = () => {
  const store = memoryStore()
  const services = { store, encodings: serviceFamily({ raw: rawEncoding() }), cache: createBlockCache() }
  return {
    store,
    format: createPrecomputedFormat(services),
    objects: () => store.storages.get('file:///v')!.objects,
  }
}
/** 3×2×4 blocks (zyx) with ragged ends: 5 bits, of which the lowest two span 1×2×2 blocks. */
const sample: NewVolume = {
  channels: 1,
  dtype: 'uint64',
  layerType: 'segmentation',
  encoding: 'raw',
  voxelSizeNm: [40, 8, 4],
  box: boxFromSize([7, -3, 11], [5, 7, 30]),
  blockSize: [2, 4, 8],
  factor: [1, 2, 2],
  maximumMip: 0,
  sharding: IDENTITY,
}
function labels(box = sample.box): Chunk {
  const size = [5, 7, 30]
  const chunk = randomChunk(size, { dtype: 'uint64', voxelOffset: sample.box.start, voxelSize: [40, 8, 4] })
  const data = chunk.data as BigUint64Array
  data.set([(1n << 64n) - 1n, (1n << 53n) + 1n], 77)
  return cutout(chunk, box)
}

test('hashes as the reference implementation of MurmurHash3_x86_128 does', () => {
  // keys of 8 bytes, seed 0: the first 8 bytes of what smhasher's MurmurHash3.cpp gives
  for (const [input, hash] of [
    [0n, 0x4772b084e028ae41n],
    [1n, 0xe8bd67d616d4ce9an],
    [2n, 0xd62f9cd21b013f5an],
    [255n, 0x4e2fc5b5b87bf79an],
    [256n, 0x4964fc5b464976dan],
    [4294967295n, 0x007260ffc08751ben],
    [4294967296n, 0xbbb12d133b78fd64n],
    [81985529216486895n, 0x708036264c109d93n],
    [9223372036854775808n, 0x998a35e4316acfa8n],
    [18446744073709551615n, 0x574f66bd212b5d1an],
  ] as const)
    assert.is(murmurHash(input), hash)
})

test('numbers the cells of a grid by compressed Morton codes', () => {
  // 4×2×3 cells (xyz): bits x0 y0 z0 x1 z1, lowest first
  const axes = mortonAxes([3, 2, 4])
  assert.equal(axes, [2, 1, 0, 2, 0])
  assert.is(mortonCode([0, 0, 0], axes), 0n)
  assert.is(mortonCode([0, 0, 1], axes), 0b00001n)
  assert.is(mortonCode([0, 1, 0], axes), 0b00010n)
  assert.is(mortonCode([1, 0, 2], axes), 0b01100n)
  assert.is(mortonCode([2, 1, 3], axes), 0b11011n)
  assert.equal(mortonAxes([1, 1, 1]), [])
  assert.is(mortonCode([0, 0, 0], []), 0n)
  // the example of the format's description: x has 16 bits, y 14, z 24
  const wide = mortonAxes([2 ** 24, 2 ** 14, 42943])
  assert.is(wide.length, 54)
  assert.is(mortonCode([0, 0, 0x8000], wide), 1n << 44n)
  assert.is(mortonCode([0x800000, 0, 0], wide), 1n << 53n)
  assert.is(mortonCode([0, 0x2000, 0], wide), 1n << 40n)
  assert.equal(mortonBox(axes, 2), [1, 2, 2])
  assert.equal(mortonBox(axes, 4), [2, 2, 4])
})

test('places chunks in shards and minishards', () => {
  const sharding: Sharding = { ...IDENTITY, preshiftBits: 2, minishardBits: 3, shardBits: 5 }
  assert.equal(placeOf(sharding, 0b10110_101_11n), { minishard: 0b101, shard: 0b10110n })
  // bits beyond are ignored
  assert.equal(placeOf(sharding, 0b1_10110_101_11n), { minishard: 0b101, shard: 0b10110n })
  assert.is(shardName(sharding, 0b10110n), '16.shard')
  assert.is(shardName({ ...sharding, shardBits: 9 }, 10n), '00a.shard')
  assert.is(shardName({ ...sharding, shardBits: 0 }, 0n), '0.shard')
  const hashed = murmurHash(0b10110_101n)
  assert.equal(placeOf({ ...sharding, hash: 'murmurhash3_x86_128' }, 0b10110_101_11n), {
    minishard: Number(hashed & 7n),
    shard: (hashed >> 3n) & 31n,
  })
})

test('the voxels of a shard are a box, or the whole volume', () => {
  const box = boxFromSize([7, -3, 11], [5, 7, 30])
  assert.equal(shardSize(IDENTITY, box, [2, 4, 8]), [2, 8, 16])
  assert.equal(shardSize(MURMUR, box, [2, 4, 8]), [5, 7, 30])
  // 5 bits in 2 + 2: numbers wrap round
  assert.equal(shardSize({ ...IDENTITY, shardBits: 2 }, box, [2, 4, 8]), [5, 7, 30])
  assert.equal(shardSize({ ...IDENTITY, minishardBits: 6 }, box, [2, 4, 8]), [5, 7, 30])
})

test('chooses shards of 256 MiB of voxels and minishards of 512 blocks', () => {
  const bits = ({ preshiftBits, minishardBits, shardBits }: Sharding) => [
    preshiftBits,
    minishardBits,
    shardBits,
  ]
  // 64³ uint8: 1024 blocks a shard
  assert.equal(bits(chooseSharding([100, 1000, 1000], 2 ** 18, false)), [9, 1, 17])
  // 64³ uint64: 128 blocks
  assert.equal(bits(chooseSharding([100, 1000, 1000], 2 ** 21, false)), [7, 0, 20])
  // small volumes are one shard
  assert.equal(bits(chooseSharding([3, 2, 4], 2 ** 18, false)), [5, 0, 0])
  assert.equal(bits(chooseSharding([1, 1, 1], 2 ** 30, false)), [0, 0, 0])
  assert.is(chooseSharding([1, 1, 1], 1, true).dataEncoding, 'raw')
})

test('prints a shard as the format describes it, whatever the order of its chunks', async () => {
  const chunks = [
    { id: 6n, bytes: Uint8Array.of(1, 2, 3) },
    { id: 4n, bytes: Uint8Array.of(4, 5) },
    { id: 5n, bytes: Uint8Array.of(6) },
  ]
  // preshift 1, minishard 1: ids 4 and 5 in minishard 0, 6 in minishard 1
  const file = await printShard(IDENTITY, chunks)
  const words = (values: readonly number[]): number[] =>
    values.flatMap((value) => [value, 0, 0, 0, 0, 0, 0, 0])
  assert.equal(
    [...file],
    [
      // from 6 to 54 and from 54 to 78 after this index
      ...words([6, 54, 54, 78]),
      ...[4, 5, 6, 1, 2, 3],
      // ids as differences, starts after the chunk before, sizes
      ...words([4, 1, 0, 0, 2, 1]),
      ...words([6, 3, 3]),
    ],
  )
  assert.equal(await printShard(IDENTITY, [...chunks].reverse()), file)
  const index = await decodeMinishardIndex(file.slice(38, 86), IDENTITY, 'here')
  assert.equal([...index], [4n, 5n, 32n, 34n, 34n, 35n])
  assert.equal(findChunk(index, 5n), { start: 34, length: 1 })
  assert.is(findChunk(index, 6n), null)
  await refuses(decodeMinishardIndex(new Uint8Array(47), IDENTITY, 'here'), 'block-corrupt')
  const endless = new BigUint64Array([1n, 2n ** 63n, 1n])
  await refuses(decodeMinishardIndex(new Uint8Array(endless.buffer), IDENTITY, 'here'), 'block-corrupt')
  const gzip = await printShard({ ...IDENTITY, minishardIndexEncoding: 'gzip' }, chunks)
  assert.equal([...gzip.subarray(38, 40)], [0x1f, 0x8b])
})

test('writes whole shards, one request each, and reads them back in any box', async () => {
  const { format, store, objects } = open()
  const volume = await format.create('file:///v', sample)
  assert.equal(volume.description.scales[0]!.writeSize, [2, 8, 16])
  const storage = await store.open('file:///v')
  const { write } = storage
  let requests = 0
  Object.assign(storage, {
    write: (key: string, bytes: Uint8Array) => {
      requests += 1
      return write(key, bytes)
    },
  })
  const chunk = labels()
  const report = await volume.write(chunk, { mip: 0 })
  assert.equal([report.blocksWritten, report.blocksDeleted], [24, 0])
  // 3 slabs in z, two shards in x each; codes have z0 in front of x1
  const shards = [...objects().keys()].filter((key) => key.endsWith('.shard')).sort()
  assert.is(requests, shards.length)
  assert.equal(
    shards,
    ['0', '1', '2', '3', '4', '6'].map((name) => `4_8_40/${name}.shard`).slice(0, shards.length),
  )
  const reopened = (await format.open('file:///v'))!
  const read = await reopened.read({ mip: 0, box: sample.box, fillMissing: false })
  same(read.data, chunk.data)
  const part = boundingBox([8, -1, 14], [11, 3, 38])
  assert.equal(
    (await reopened.read({ mip: 0, box: part, fillMissing: false })).data,
    cutout(chunk, part).data,
  )
})

test('refuses parts of shards with the box that would work', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', sample)
  const block = labels(boundingBox([7, -3, 11], [9, 1, 19]))
  const message = await refuses(volume.write(block, { mip: 0 }), 'volume-misaligned')
  assert.match(message, "the volume's shards of 2×8×16")
  assert.match(message, 'the whole shards around it are 7-9_-3-4_11-27')
  assert.equal([...objects().keys()].sort(), ['info', 'provenance'])
  await volume.write(labels(boundingBox([7, -3, 11], [9, 4, 27])), { mip: 0 })
  await refuses(
    volume.write(labels(boundingBox([7, -3, 11], [9, 4, 27])), { mip: 0, compression: { method: 'zstd' } }),
    'encoding-refused',
  )
})

test('parts of shards are written over what is stored when that is asked for', async () => {
  for (const sharding of [
    IDENTITY,
    MURMUR,
    { ...MURMUR, dataEncoding: 'gzip', minishardIndexEncoding: 'gzip' },
  ] as const) {
    const { format } = open()
    const volume = await format.create('file:///v', { ...sample, sharding })
    const chunk = labels()
    // in pieces that meet within blocks and shards, one of them beyond the volume
    for (const [start, stop] of [
      [11, 20],
      [20, 33],
      [33, 41],
    ] as const)
      await volume.write(labels(boundingBox([7, -3, start], [12, 4, stop])), { mip: 0, allowUnaligned: true })
    const read = await volume.read({ mip: 0, box: sample.box, fillMissing: false })
    same(read.data, chunk.data)
    // zeros over one block: it goes, its neighbours stay
    const zeros = createChunk(new BigUint64Array(64), [2, 4, 8], { voxelOffset: [7, -3, 11] })
    const report = await volume.write(zeros, { mip: 0, allowUnaligned: true })
    assert.equal([report.blocksWritten, report.blocksDeleted], [0, 1])
    assert.is(await volume.hasAllBlocks(chunkBox(zeros), 0), false)
    assert.is(await volume.hasAllBlocks(boundingBox([7, -3, 19], [9, 4, 41]), 0), true)
    const after = await volume.read({ mip: 0, box: sample.box, fillMissing: true })
    const expected = await volume.read({
      mip: 0,
      box: boundingBox([9, -3, 11], [12, 4, 41]),
      fillMissing: false,
    })
    same(cutout(after, chunkBox(expected)).data, expected.data)
    same(cutout(after, chunkBox(zeros)).data, zeros.data)
  }
})

test('a shard without a voxel other than 0 is deleted, and missing blocks are told apart', async () => {
  const { format, objects } = open()
  const volume = await format.create('file:///v', sample)
  await volume.write(labels(), { mip: 0 })
  const shard = boundingBox([7, -3, 11], [9, 4, 27])
  const zeros = createChunk(new BigUint64Array(2 * 7 * 16), [2, 7, 16], { voxelOffset: shard.start })
  const report = await volume.write(zeros, { mip: 0 })
  assert.equal([report.blocksWritten, report.blocksDeleted], [0, 4])
  assert.is(objects().has('4_8_40/0.shard'), false)
  same((await volume.read({ mip: 0, box: shard, fillMissing: true })).data, zeros.data)
  const message = await refuses(volume.read({ mip: 0, box: shard, fillMissing: false }), 'block-missing')
  assert.match(message, /4_8_40\/0\.shard \(\d+-\d+_-?\d+-\d_7-9\) is not stored/)
})

test('indices are read once, and a shard that was replaced is seen', async () => {
  const { format, store } = open()
  const storage = await store.open('file:///v')
  const { readRange } = storage
  let requests = 0
  Object.assign(storage, {
    readRange: (key: string, start: number, length: number) => {
      requests += 1
      return readRange(key, start, length)
    },
  })
  const volume = await format.create('file:///v', sample)
  const block = boundingBox([7, -3, 11], [9, 1, 19])
  // what is not there yet is not remembered
  await volume.read({ mip: 0, box: block, fillMissing: true })
  await volume.write(labels(), { mip: 0 })
  requests = 0
  const first = await volume.read({ mip: 0, box: block, fillMissing: false })
  assert.is(requests, 3)
  await volume.read({ mip: 0, box: block, fillMissing: false })
  assert.is(requests, 4)
  // by this process
  const twice = createChunk(
    (labels().data as BigUint64Array).map((value) => value / 2n),
    [5, 7, 30],
    {
      voxelOffset: sample.box.start,
    },
  )
  await volume.write(twice, { mip: 0 })
  same(
    (await volume.read({ mip: 0, box: block, fillMissing: false })).data,
    (first.data as BigUint64Array).map((value) => value / 2n),
  )
})

test('a shard replaced by another process is read with its new indices', async () => {
  const { format, objects, store } = open()
  const volume = await format.create('file:///v', {
    ...sample,
    sharding: { ...IDENTITY, dataEncoding: 'gzip' },
  })
  await volume.write(labels(), { mip: 0 })
  await volume.read({ mip: 0, box: sample.box, fillMissing: false })
  const other = createPrecomputedFormat({
    store,
    encodings: serviceFamily({ raw: rawEncoding() }),
    cache: createBlockCache(),
  })
  const noise = createChunk(
    new BigUint64Array(5 * 7 * 30).map((_, index) => BigInt(index) * 0x9e3779b97f4a7c15n),
    [5, 7, 30],
    { voxelOffset: sample.box.start },
  )
  await (await other.open('file:///v'))!.write(noise, { mip: 0 })
  same((await volume.read({ mip: 0, box: sample.box, fillMissing: false })).data, noise.data)
  // damage, however, is an error
  const name = '4_8_40/0.shard'
  objects().set(name, objects().get(name)!.slice(0, 40))
  assert.match(
    await refuses(volume.read({ mip: 0, box: sample.box, fillMissing: true }), 'block-corrupt'),
    'shard',
  )
  objects().set(name, new Uint8Array(7))
  await refuses(volume.read({ mip: 0, box: sample.box, fillMissing: true }), 'block-corrupt')
  objects().set(name, new Uint8Array(32).fill(255, 8))
  await refuses(volume.read({ mip: 0, box: sample.box, fillMissing: true }), 'block-corrupt')
})

test('reads chunks by ids that are not sorted, and gzip data of other writers', async () => {
  const { format, objects } = open()
  const one = { ...IDENTITY, dataEncoding: 'gzip', preshiftBits: 5, minishardBits: 0, shardBits: 0 } as const
  const volume = await format.create('file:///v', { ...sample, sharding: one })
  const blocks = [3, 1].map((value) => gzipSync(new Uint8Array(512).fill(value)))
  const sizes = blocks.map(({ length }) => length)
  // ids 1, then 0: the difference wraps round
  const index = new BigUint64Array([1n, 2n ** 64n - 1n, 0n, 0n, ...sizes.map(BigInt)])
  const data = Buffer.concat([...blocks, new Uint8Array(index.buffer)])
  const start = BigInt(sizes[0]! + sizes[1]!)
  const entry = new BigUint64Array([start, start + 48n])
  objects().set('4_8_40/0.shard', Buffer.concat([new Uint8Array(entry.buffer), data]))
  const read = await volume.read({ mip: 0, box: boundingBox([7, -3, 11], [8, -2, 27]), fillMissing: false })
  assert.equal([...read.data].slice(6, 10), [
    ...Array(2).fill(0x0101010101010101n),
    ...Array(2).fill(0x0303030303030303n),
  ])
})

/** A reader of sharded volumes written from the format's description, in NumPy. */
const PYTHON = `
import gzip, json, sys
import numpy as np
folder, = sys.argv[1:]
M = 0xffffffff
def rotl(v, r): return ((v << r) | (v >> (32 - r))) & M
def fmix(h):
    h ^= h >> 16; h = h * 0x85ebca6b & M; h ^= h >> 13; h = h * 0xc2b2ae35 & M
    return h ^ (h >> 16)
def murmur3_x86_128(data, seed=0):
    c = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93]
    assert len(data) < 16
    h = [seed] * 4
    lanes = [int.from_bytes(data[i:i + 4], 'little') for i in range(0, 16, 4)]
    for i, rot in ((3, 18), (2, 17), (1, 16), (0, 15)):
        if len(data) > 4 * i:
            h[i] ^= rotl(lanes[i] * c[i] & M, rot) * c[(i + 1) % 4] & M
    h = [v ^ len(data) for v in h]
    h[0] = sum(h) & M
    h[1:] = [(v + h[0]) & M for v in h[1:]]
    h = [fmix(v) for v in h]
    h[0] = sum(h) & M
    h[1:] = [(v + h[0]) & M for v in h[1:]]
    return b''.join(v.to_bytes(4, 'little') for v in h)
info = json.load(open(f'{folder}/info'))
scale = info['scales'][0]
s = scale['sharding']
size, block = np.array(scale['size']), np.array(scale['chunk_sizes'][0])
grid = -(-size // block)
out = np.zeros(size[::-1], info['data_type'])
unpack = {'raw': bytes, 'gzip': gzip.decompress}
for cell in np.ndindex(*grid):
    code = j = 0
    for i in range(64):
        for d in range(3):
            if 2 ** i < grid[d]:
                code |= ((cell[d] >> i) & 1) << j
                j += 1
    key = code >> s['preshift_bits']
    if s['hash'] != 'identity':
        key = int.from_bytes(murmur3_x86_128(key.to_bytes(8, 'little'))[:8], 'little')
    minishard = key & ((1 << s['minishard_bits']) - 1)
    shard = (key >> s['minishard_bits']) & ((1 << s['shard_bits']) - 1)
    name = format(shard, 'x').zfill(-(-s['shard_bits'] // 4))
    file = open(f'{folder}/{scale["key"]}/{name}.shard', 'rb').read()
    end = 16 << s['minishard_bits']
    a, b = np.frombuffer(file, '<u8', 2, 16 * minishard)
    index = unpack[s['minishard_index_encoding']](file[end + int(a):end + int(b)])
    ids, starts, sizes = np.frombuffer(index, '<u8').reshape(3, -1)
    ids = np.cumsum(ids)
    starts = end + np.cumsum(starts) + np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype('u8')
    at, = np.flatnonzero(ids == code)
    data = unpack[s['data_encoding']](file[int(starts[at]):int(starts[at] + sizes[at])])
    low = np.array(cell) * block
    high = np.minimum(low + block, size)
    part = np.frombuffer(data, info['data_type']).reshape((high - low)[::-1])
    out[low[2]:high[2], low[1]:high[1], low[0]:high[0]] = part
truth = np.fromfile(f'{folder}/truth', info['data_type']).reshape(out.shape)
print('equal' if np.array_equal(out, truth) else 'different')`

test('an independent reader finds every block of every kind of shard', async () => {
  const folder = temporaryFolder()
  try {
    const store = { open: async (url: string) => openFileStorage(url), normalize: (url: string) => url }
    const format = createPrecomputedFormat({
      store,
      encodings: serviceFamily({ raw: rawEncoding() }),
      cache: createBlockCache(),
    })
    const chunk = labels()
    for (const hash of ['identity', 'murmurhash3_x86_128'] as const)
      for (const minishardIndexEncoding of ['raw', 'gzip'] as const)
        for (const dataEncoding of ['raw', 'gzip'] as const) {
          const name = `${hash}-${minishardIndexEncoding}-${dataEncoding}`
          const sharding = { ...IDENTITY, hash, minishardIndexEncoding, dataEncoding }
          const volume = await format.create(`file://${folder.path}/${name}`, { ...sample, sharding })
          await volume.write(chunk, { mip: 0 })
          const read = await volume.read({ mip: 0, box: sample.box, fillMissing: false })
          same(read.data, chunk.data)
          const bytes = new Uint8Array(chunk.data.buffer, chunk.data.byteOffset, chunk.data.byteLength)
          writeFileSync(path.join(folder.path, name, 'truth'), bytes)
          const answer = askPython(['numpy'], PYTHON, { args: [path.join(folder.path, name)] })
          if (answer === null) return
          assert.is(answer, 'equal', name)
        }
  } finally {
    folder.remove()
  }
})

test('the parameters are printed as the format names them', () => {
  assert.equal(printSharding(MURMUR), {
    '@type': 'neuroglancer_uint64_sharded_v1',
    preshift_bits: 1,
    hash: 'murmurhash3_x86_128',
    minishard_bits: 1,
    shard_bits: 3,
    minishard_index_encoding: 'raw',
    data_encoding: 'raw',
  })
})

test.run()
