/** Zarr 3 against zarrita's own writer and reader, and shards laid out by hand after the specification. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { boxFromSize, cutout, emptyChunk, zyx } from '@chunkflow/sdk'
import { rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { create, get, open, type Readable, set } from 'zarrita'
import { codecWorkers } from './codec-workers.js'
import { crc32c } from './crc32c.js'
import { openArray } from './open-array.js'
import { readBox } from './read-box.js'
import { sameVoxels, WORKER, zarrFolder } from './testing/zarr-folder.js'

const test = suite('zarr 3')
const folder = zarrFolder()
const { file, read, save } = folder
test.after(() => folder.remove())

const filesBelow = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)

/** The same with ranges, which shards need. */
function rangesOf(name: string) {
  const { get } = filesOf(name)
  type Range = { offset: number; length: number } | { suffixLength: number }
  return {
    get,
    getRange: async (key: string, range: Range) => {
      const bytes = await get(key)
      return 'suffixLength' in range
        ? bytes?.slice(-range.suffixLength)
        : bytes?.slice(range.offset, range.offset + range.length)
    },
  }
}

/** zarrita's store interface over a folder. */
function filesOf(name: string) {
  const root = file(name)
  return {
    get: async (key: string) => {
      try {
        return new Uint8Array(readFileSync(path.join(root, key)))
      } catch {
        return undefined
      }
    },
    set: async (key: string, bytes: Uint8Array) => {
      mkdirSync(path.dirname(path.join(root, key)), { recursive: true })
      writeFileSync(path.join(root, key), bytes)
    },
  }
}

test('what zarrita writes is read', async () => {
  const array = await create(filesOf('zarrita.zarr') as never, {
    shape: [5, 9, 14],
    chunkShape: [2, 4, 5],
    dtype: 'int32',
    fillValue: -3,
    attributes: { resolution: [40, 8, 4] },
    dimensionNames: ['z', 'y', 'x'],
    codecs: [
      { name: 'transpose', configuration: { order: [2, 0, 1] } },
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'zstd', configuration: { level: 3, checksum: false } },
    ],
  })
  const ramp = rampChunk([5, 9, 14], { dtype: 'int32', voxelSize: [40, 8, 4] })
  await set(array, null, {
    data: new Int32Array(ramp.data as Int32Array),
    shape: [5, 9, 14],
    stride: [126, 14, 1],
  })
  const chunk = await read({ store: 'zarr3://zarrita.zarr' })
  assert.ok(sameVoxels(chunk, ramp))
  assert.equal([...chunk.voxelSize!], [40, 8, 4])
})

test('what is written is read by zarrita', async () => {
  for (const [compressor, order] of [
    ['zstd', 'xyz'],
    ['blosc', 'zyx'],
    ['gzip', 'xyz'],
    ['none', 'zyx'],
  ] as const) {
    const chunk = rampChunk([2, 5, 9, 14], { dtype: 'uint64', voxelOffset: [0, 0, 0] })
    const store = `${compressor}3.zarr`
    await save(chunk, { store, zarrFormat: 3, compressor, order, chunkSize: [2, 4, 5] })
    assert.ok(sameVoxels(await read({ store }), chunk))
    const array = await open.v3(filesOf(store) as Readable, { kind: 'array' })
    assert.equal(array.dimensionNames, order === 'xyz' ? ['x', 'y', 'z', 'c'] : ['c', 'z', 'y', 'x'])
    const { data, stride } = await get(array)
    const at = order === 'xyz' ? [13, 7, 4, 1] : [1, 4, 7, 13]
    const index = at.reduce((sum, position, axis) => sum + position * stride[axis]!, 0)
    assert.is((data as BigUint64Array)[index], BigInt(((1 * 5 + 4) * 9 + 7) * 14 + 13))
  }
})

const SHARDED = {
  zarr_format: 3,
  node_type: 'array',
  shape: [2, 2, 5],
  data_type: 'uint16',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 2, 4] } },
  chunk_key_encoding: { name: 'default' },
  fill_value: 65535,
  codecs: [
    {
      name: 'sharding_indexed',
      configuration: {
        chunk_shape: [1, 2, 2],
        codecs: [{ name: 'bytes', configuration: { endian: 'big' } }, { name: 'crc32c' }],
        index_codecs: [{ name: 'bytes', configuration: { endian: 'little' } }, { name: 'crc32c' }],
      },
    },
  ],
  attributes: {},
  dimension_names: ['z', 'y', 'x'],
}

const sealed = (bytes: Buffer): Buffer => {
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32c(bytes))
  return Buffer.concat([bytes, sum])
}
const bigEndian = (values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index)
  return bytes
}
const index = (entries: readonly (readonly [number, number] | null)[]): Buffer => {
  const bytes = Buffer.alloc(16 * entries.length, 255)
  for (const [at, entry] of entries.entries()) {
    if (entry === null) continue
    bytes.writeBigUInt64LE(BigInt(entry[0]), 16 * at)
    bytes.writeBigUInt64LE(BigInt(entry[1]), 16 * at + 8)
  }
  return sealed(bytes)
}

test('the check value of CRC-32C', () => {
  assert.is(crc32c(Buffer.from('123456789')), 0xe3069283)
})

for (const atEnd of [true, false])
  test(`shards laid out by hand, index at the ${atEnd ? 'end' : 'start'}`, async () => {
    const store = `sharded-${atEnd}.zarr`
    mkdirSync(file(`${store}/c/0/0`), { recursive: true })
    const metadata = structuredClone(SHARDED) as typeof SHARDED
    Object.assign(metadata.codecs[0]!.configuration, { index_location: atEnd ? 'end' : 'start' })
    writeFileSync(file(`${store}/zarr.json`), JSON.stringify(metadata))
    // chunks of (z 1, y 2, x 2): 2 × 1 × 2 of them in a shard; the third is not stored
    const blocks = [bigEndian([1, 2, 5, 6]), bigEndian([3, 4, 7, 8]), bigEndian([13, 14, 17, 18])].map(sealed)
    const start = atEnd ? 0 : 4 * 16 + 4
    const entries = [[start, 12], [start + 12, 12], null, [start + 24, 12]] as const
    const parts = atEnd ? [...blocks, index(entries)] : [index(entries), ...blocks]
    writeFileSync(file(`${store}/c/0/0/0`), Buffer.concat(parts))
    const none = 65535
    const chunk = await read({ store })
    assert.equal(
      [...chunk.data],
      [
        ...[1, 2, 3, 4, none],
        ...[5, 6, 7, 8, none],
        ...[none, none, 13, 14, none],
        ...[none, none, 17, 18, none],
      ],
    )
    const part = await read({ store, chunkStart: [1, 1, 2], chunkSize: [1, 1, 2] })
    assert.equal([...part.data], [17, 18])
    // a chunk whose checksum is wrong, then an index
    const damaged = Buffer.concat(parts)
    damaged[start + 3]! ^= 1
    writeFileSync(file(`${store}/c/0/0/0`), damaged)
    assert.match(await refusal(() => read({ store })), 'its checksum is wrong')
    writeFileSync(file(`${store}/c/0/0/0`), Buffer.concat(parts).subarray(0, 50))
    assert.match(await refusal(() => read({ store })), 'zarr-chunk-corrupt')
  })

for (const order of ['xyz', 'zyx'])
  test(`shards that are written, ${order}: neighbours within one, empty chunks, an empty shard; read by zarrita`, async () => {
    const store = `written-${order}.zarr`
    const whole = rampChunk([2, 10, 12, 9], { dtype: 'uint16' })
    for (let index = 0; index < 5 * 12 * 9; index++) whole.data[index] = 0
    const options = {
      store,
      order,
      zarrFormat: 3,
      shape: [10, 12, 9],
      chunkSize: [2, 3, 3],
      shardSize: [4, 6, 6],
    }
    const boxes = [
      boxFromSize(zyx(0, 0, 0), zyx(5, 7, 9)),
      boxFromSize(zyx(5, 0, 0), zyx(5, 7, 4)),
      boxFromSize(zyx(5, 0, 4), zyx(5, 7, 5)),
      boxFromSize(zyx(0, 7, 0), zyx(10, 5, 9)),
    ]
    await Promise.all(boxes.map((box) => save(cutout(whole, box), options)))
    assert.ok(sameVoxels(await read({ store }), whole))
    const corner = boxFromSize(zyx(9, 1, 8), zyx(1, 9, 1))
    assert.ok(
      sameVoxels(await read({ store, chunkStart: [9, 1, 8], chunkSize: [1, 9, 1] }), cutout(whole, corner)),
    )
    const array = await open.v3(rangesOf(store) as Readable, { kind: 'array' })
    const { data, stride } = await get(array)
    const at = order === 'xyz' ? [8, 11, 9, 1] : [1, 9, 11, 8]
    const index = at.reduce((sum, position, axis) => sum + position * stride[axis]!, 0)
    assert.is((data as Uint16Array)[index], ((1 * 10 + 9) * 12 + 11) * 9 + 8)
    const count = (): number => filesBelow(file(store)).filter((name) => !name.endsWith('.json')).length
    // of channel 0 the first z 5 are empty: 1 of 3 shards along z; of channel 1 none
    assert.is(count(), 2 * 2 * 2 + 3 * 2 * 2)
    await save(emptyChunk('uint16', [2, 10, 12, 9]), { store })
    assert.is(count(), 0)
  })

test('a shard replaced by another process is read anew', async () => {
  const store = 'replaced.zarr'
  const options = {
    store,
    order: 'zyx',
    zarrFormat: 3,
    chunkSize: [2, 4, 4],
    shardSize: [4, 4, 4],
    compressor: 'zstd',
  }
  const first = rampChunk([4, 4, 4], { dtype: 'uint32' })
  await save(first, options)
  const array = await openArray(await folder.store.open(store), { driver: 'any', mip: 0 })
  const workers = codecWorkers(folder.compute, WORKER)
  const readAll = () => readBox(array, workers, { box: array.placement.box })
  assert.ok(sameVoxels(await readAll(), first))
  const second = rampChunk([4, 4, 4], { dtype: 'uint32' })
  second.data.fill(7 as never)
  await save(second, options)
  assert.ok(sameVoxels(await readAll(), second))
  await workers.dispose()
})

test('shards and chunks that do not fit are refused', async () => {
  const chunk = rampChunk([4, 4, 4], { dtype: 'uint8' })
  assert.match(
    await refusal(() =>
      save(chunk, { store: 'odd.zarr', zarrFormat: 3, chunkSize: [2, 2, 3], shardSize: [4, 4, 4] }),
    ),
    'do not consist of whole chunks',
  )
})

test('extensions that are not known are refused by name', async () => {
  const refused = async (name: string, change: object): Promise<string> => {
    mkdirSync(file(name), { recursive: true })
    const plain = { ...SHARDED, codecs: [{ name: 'bytes', configuration: { endian: 'little' } }] }
    writeFileSync(file(`${name}/zarr.json`), JSON.stringify({ ...plain, ...change }))
    return refusal(() => read({ store: name }))
  }
  assert.match(await refused('a.zarr', { codecs: [{ name: 'pcodec' }] }), 'The codec pcodec cannot be read')
  assert.match(await refused('b.zarr', { data_type: 'complex64' }), '"complex64"')
  assert.match(await refused('c.zarr', { chunk_grid: { name: 'rectilinear' } }), '"rectilinear"')
  assert.match(await refused('d.zarr', { fill_value: 'dog' }), 'fill_value "dog"')
  assert.match(
    await refused('e.zarr', { codecs: [SHARDED.codecs[0], { name: 'gzip' }] }),
    'not together with gzip',
  )
})

for (const compressor of ['zstd', 'none'])
  test(`a shard to which others added since the last box is read anew, ${compressor}`, async () => {
    const options = {
      store: `added-${compressor}.zarr`,
      order: 'zyx',
      zarrFormat: 3,
      shape: [4, 4, 4],
      chunkSize: [2, 4, 4],
      shardSize: [4, 4, 4],
      compressor,
    }
    const whole = rampChunk([4, 4, 4], { dtype: 'uint32' })
    const half = (start: number) => cutout(whole, boxFromSize(zyx(start, 0, 0), zyx(2, 4, 4)))
    await save(half(2), options)
    const array = await openArray(await folder.store.open(options.store), { driver: 'any', mip: 0 })
    const workers = codecWorkers(folder.compute, WORKER)
    const readAll = () => readBox(array, workers, { box: array.placement.box })
    assert.is((await readAll()).data[0], 0)
    // goes before the other chunk, whose place changes
    await save(half(0), options)
    assert.ok(sameVoxels(await readAll(), whole))
    await workers.dispose()
  })

test('a fill value beyond 2^53, also beside an attribute of its name', async () => {
  const store = 'digits.zarr'
  mkdirSync(file(store), { recursive: true })
  const metadata = {
    ...SHARDED,
    data_type: 'uint64',
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    fill_value: 0,
  }
  const { attributes: _, ...rest } = metadata
  const text = JSON.stringify({ attributes: { fill_value: 7 }, ...rest })
  writeFileSync(
    file(`${store}/zarr.json`),
    text.replace('"fill_value":0', '"fill_value":18446744073709551557'),
  )
  assert.ok((await read({ store })).data.every((value) => value === 18446744073709551557n))
})

test.run()
