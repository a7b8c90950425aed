import { mkdirSync, writeFileSync } from 'node:fs'
import { boxFromSize, type Chunk, type TypedArray, zyx } from '@chunkflow/sdk'
import { refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { zarrFolder } from '../testing/zarr-folder.js'

const test = suite('load-zarr')
const folder = zarrFolder()
const { file, read } = folder
test.after(() => folder.remove())

/** Z 5, y 9, x 14: voxel (z, y, x) of what Python writes is 1000 z + 20 y + x, times a factor for wide types. */
const SHAPE = [5, 9, 14] as const
const at = (z: number, y: number, x: number): number => 1000 * z + 20 * y + x
const RAMP = `
z, y, x = np.mgrid[0:5, 0:9, 0:14]
ramp = 1000 * z + 20 * y + x
`

function checkRamp(
  { data, shape }: Chunk,
  value: (plain: number) => number | bigint,
  start = [0, 0, 0],
): void {
  const [depth, height, width] = shape.slice(-3) as [number, number, number]
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const found = data[(z * height + y) * width + x]!
        const expected = value(at(z + start[0]!, y + start[1]!, x + start[2]!))
        if (found !== expected) assert.is(found, expected, `voxel ${z} ${y} ${x}`)
      }
}

test('element types, byte orders, Fortran order and compressors of Python', async () => {
  const made = folder.python(`${RAMP}
codecs = {
  'none': None,
  'blosc': numcodecs.Blosc(cname='lz4', clevel=5, shuffle=1),
  'blosczstd': numcodecs.Blosc(cname='zstd', clevel=3, shuffle=2),
  'zstd': numcodecs.Zstd(3),
  'lz4': numcodecs.LZ4(),
  'gzip': numcodecs.GZip(1),
  'zlib': numcodecs.Zlib(1),
}
for name, codec in codecs.items():
  for dtype in ['u1', '<u2', '>u2', '<i4', '>f4', '<u8', '>i8', '<f8', 'b1', 'i1', '<f2']:
    for order in 'CF':
      a = ramp.astype(dtype)
      if dtype in ('<u8', '>i8'): a = ramp.astype(dtype) + np.array(2**53 + 1, dtype)
      if dtype == 'b1': a = ramp % 3 == 0
      zarr.save_array(f"{name}-{dtype.replace('<','l').replace('>','b')}-{order}.zarr", a, chunks=(2, 4, 5), compressor=codec, order=order)
print('made')`)
  if (made === null) return
  const low = (bits: number) => (plain: number) => plain % 2 ** bits
  const types: Readonly<Record<string, readonly [string, (plain: number) => number | bigint]>> = {
    u1: ['uint8', low(8)],
    lu2: ['uint16', low(16)],
    bu2: ['uint16', low(16)],
    li4: ['int32', (plain) => plain],
    bf4: ['float32', (plain) => plain],
    lu8: ['uint64', (plain) => BigInt(plain) + 2n ** 53n + 1n],
    bi8: ['int64', (plain) => BigInt(plain) + 2n ** 53n + 1n],
    lf8: ['float64', (plain) => plain],
    b1: ['bool', (plain) => (plain % 3 === 0 ? 1 : 0)],
    i1: ['int8', (plain) => (plain << 24) >> 24],
  }
  for (const codec of ['none', 'blosc', 'blosczstd', 'zstd', 'lz4', 'gzip', 'zlib'])
    for (const [code, [dtype, value]] of Object.entries(types))
      for (const order of ['C', 'F']) {
        const chunk = await read({ store: `${codec}-${code}-${order}.zarr` })
        assert.is(chunk.dtype, dtype, `${codec} ${code} ${order}`)
        assert.equal([...chunk.shape], [...SHAPE])
        checkRamp(chunk, value)
      }
  const half = await read({ store: 'blosc-lf2-F.zarr' })
  assert.is(half.dtype, 'float16')
  // 1.0 is 0x3c00, 20.0 is 0x4d00, 1000.0 is 0x63d0
  assert.equal([half.data[1], half.data[14], half.data[9 * 14]], [0x3c00, 0x4d00, 0x63d0])
})

test('parts of chunks, missing chunks with a fill value, filters', async () => {
  const made = folder.python(`${RAMP}
a = zarr.open('sparse.zarr', mode='w', shape=(5, 9, 14), chunks=(2, 4, 5), dtype='<u8', fill_value=2**64 - 2)
a[0:2, 0:4, 0:5] = ramp[0:2, 0:4, 0:5]
f = zarr.open('nan.zarr', mode='w', shape=(5, 9, 14), chunks=(2, 4, 5), dtype='<f4', fill_value=np.nan, dimension_separator='/')
f[4:5, 8:9, 10:14] = ramp[4:5, 8:9, 10:14]
zarr.save_array('delta.zarr', ramp.astype('<i2'), chunks=(2, 4, 5), filters=[numcodecs.Delta('<i2'), numcodecs.Shuffle(2)], order='F')
print('made')`)
  if (made === null) return
  const sparse = await read({ store: 'sparse.zarr', chunkStart: [1, 2, 3], chunkSize: [2, 3, 4] })
  assert.equal([...sparse.voxelOffset], [1, 2, 3])
  const empty = 2n ** 64n - 2n
  const plane = [at(1, 2, 3), at(1, 2, 4), at(1, 3, 3), at(1, 3, 4)].map(BigInt)
  assert.equal(
    [...sparse.data],
    [...[plane[0], plane[1], empty, empty, plane[2], plane[3], empty, empty], ...new Array(16).fill(empty)],
  )
  const nan = await read({ store: 'nan.zarr' })
  assert.ok(Number.isNaN(nan.data[0] as number))
  assert.is(nan.data.at(-1), at(4, 8, 13))
  assert.is((nan.data as Float32Array).filter((value) => !Number.isNaN(value)).length, 4)
  checkRamp(await read({ store: 'delta.zarr' }), (plain) => plain)
})

test('axes by name: x y z is turned round, channels stay, a single time is left out', async () => {
  const made = folder.python(`${RAMP}
a = zarr.open('xyz.zarr', mode='w', shape=(14, 9, 5), chunks=(5, 4, 2), dtype='<u2')
a[:] = ramp.transpose(2, 1, 0)
a.attrs.update({'_ARRAY_DIMENSIONS': ['x', 'y', 'z'], 'resolution': [4, 8, 40], 'voxel_offset': [11, -3, 7]})
c = zarr.open('xyzc.zarr', mode='w', shape=(14, 9, 5, 2), chunks=(5, 4, 2, 1), dtype='<u2')
c[..., 0] = ramp.transpose(2, 1, 0); c[..., 1] = ramp.transpose(2, 1, 0) + 7
c.attrs.update({'_ARRAY_DIMENSIONS': ['x', 'y', 'z', 'c'], 'voxel_size': [4, 8, 40], 'offset': [44, -24, 280]})
t = zarr.open('tczyx.zarr', mode='w', shape=(1, 2, 5, 9, 14), chunks=(1, 2, 2, 4, 5), dtype='<u2')
t[0, 0] = ramp; t[0, 1] = ramp + 7
t2 = zarr.open('times.zarr', mode='w', shape=(2, 5, 9, 14), dtype='<u2')
t2.attrs['_ARRAY_DIMENSIONS'] = ['t', 'z', 'y', 'x']
flat = zarr.open('flat.zarr', mode='w', shape=(9, 14), dtype='<u2'); flat[:] = ramp[3]
flat.attrs['dimension_units'] = ['8 nm', '0.004 um']
print('made')`)
  if (made === null) return
  const chunk = await read({ store: 'xyz.zarr' })
  assert.equal([...chunk.shape], [5, 9, 14])
  assert.equal([...chunk.voxelSize!], [40, 8, 4])
  assert.equal([...chunk.voxelOffset], [7, -3, 11])
  checkRamp(chunk, (plain) => plain)
  for (const store of ['xyzc.zarr', 'tczyx.zarr']) {
    const both = await read({ store })
    assert.equal([...both.shape], [2, 5, 9, 14])
    checkRamp(both, (plain) => plain)
    const second = both.data.subarray(5 * 9 * 14) as TypedArray
    assert.equal([second[0], second.at(-1)], [7, at(4, 8, 13) + 7])
  }
  assert.equal([...(await read({ store: 'xyzc.zarr' })).voxelOffset], [7, -3, 11])
  assert.equal([...(await read({ store: 'xyzc.zarr', voxelSize: [40, 4, 4] })).voxelOffset], [7, -6, 11])
  const flat = await read({ store: 'flat.zarr' })
  assert.equal(
    [[...flat.shape], [...flat.voxelSize!]],
    [
      [1, 9, 14],
      [1, 8, 4],
    ],
  )
  checkRamp(flat, (plain) => plain, [3, 0, 0])
  assert.match(await refusal(() => read({ store: 'times.zarr' })), 'an axis "t" of 2 elements')
})

test('N5 as Python writes it: reversed axes, headers, missing blocks, attributes in x y z', async () => {
  const made = folder.python(`${RAMP}
for name, codec in {'raw': None, 'gzip': numcodecs.GZip(1), 'blosc': numcodecs.Blosc()}.items():
  g = zarr.open_group(zarr.N5Store(f'{name}.n5'), mode='w')
  a = g.create_dataset('volumes/raw', shape=(5, 9, 14), chunks=(2, 4, 5), dtype='u2', compressor=codec)
  a[:, 0:4] = ramp[:, 0:4]
  a.attrs.update({'resolution': [4.0, 8.0, 40.0], 'offset': [44, -24, 280]})
g = zarr.open_group(zarr.N5Store('bz2.n5'), mode='w')
g.create_dataset('raw', data=ramp, compressor=numcodecs.BZ2())
print('made')`)
  if (made === null) return
  for (const store of ['raw.n5', 'n5://gzip.n5', 'blosc.n5']) {
    const chunk = await read({ store, path: 'volumes/raw' })
    assert.equal([...chunk.shape], [5, 9, 14], store)
    assert.equal([...chunk.voxelSize!], [40, 8, 4])
    assert.equal([...chunk.voxelOffset], [7, -3, 11])
    checkRamp(chunk, (plain) => (Math.floor((plain % 1000) / 20) < 4 ? plain : 0))
  }
  assert.match(
    await refusal(() => read({ store: 'bz2.n5', path: 'raw', driver: 'n5' })),
    'compressed with "bzip2" cannot be read here',
  )
  assert.match(await refusal(() => read({ store: 'raw.n5' })), 'is a group, not an array')
  assert.match(await refusal(() => read({ store: 'raw.n5' })), 'volumes/raw')
})

test('N5 as Java writes it: blocks end with the array', async () => {
  // x 3, y 2, z 1 in blocks of x 2, y 2, z 1: the second block has one column
  mkdirSync(file('java.n5/s0/0/0'), { recursive: true })
  mkdirSync(file('java.n5/s0/1/0'), { recursive: true })
  const attributes = {
    dimensions: [3, 2, 1],
    blockSize: [2, 2, 1],
    dataType: 'uint16',
    compression: { type: 'raw' },
  }
  writeFileSync(
    file('java.n5/attributes.json'),
    JSON.stringify({ pixelResolution: { dimensions: [4, 8, 0.04], unit: 'um' } }),
  )
  writeFileSync(file('java.n5/s0/attributes.json'), JSON.stringify(attributes))
  const block = (x: number, values: readonly number[]): Buffer =>
    Buffer.from([0, 0, 0, 3, 0, 0, 0, x, 0, 0, 0, 2, 0, 0, 0, 1, ...values.flatMap((value) => [1, value])])
  writeFileSync(file('java.n5/s0/0/0/0'), block(2, [1, 2, 4, 5]))
  writeFileSync(file('java.n5/s0/1/0/0'), block(1, [3, 6]))
  const chunk = await read({ store: 'java.n5' })
  assert.equal([...chunk.data], [257, 258, 259, 260, 261, 262])
  assert.equal([...chunk.shape], [1, 2, 3])
  assert.equal([...chunk.voxelSize!], [40, 8000, 4000])
})

test('boxes: explicit, of the task, beyond the array', async () => {
  const made = folder.python(`${RAMP}
a = zarr.open('placed.zarr', mode='w', shape=(5, 9, 14), chunks=(2, 4, 5), dtype='<u2', fill_value=9)
a[:] = ramp; a.attrs['voxel_offset'] = [100, 200, 300]
print('made')`)
  if (made === null) return
  const bbox = boxFromSize(zyx(101, 202, 303), zyx(2, 3, 4))
  const ofTask = await read({ store: 'placed.zarr' }, { bbox })
  checkRamp(ofTask, (plain) => plain, [1, 2, 3])
  assert.equal([...ofTask.voxelOffset], [101, 202, 303])
  const explicit = await read({ store: 'placed.zarr', chunkStart: [104, 208, 310] }, { bbox })
  assert.equal([[...explicit.shape], explicit.data[0]], [[1, 1, 4], at(4, 8, 10)])
  const beyond = { store: 'placed.zarr', chunkStart: [104, 208, 312], chunkSize: [2, 1, 3] }
  assert.match(await refusal(() => read(beyond)), 'chunk-outside')
  const filled = await read({ ...beyond, fillOutside: true })
  assert.equal([...filled.data], [at(4, 8, 12), at(4, 8, 13), 9, 9, 9, 9])
  const before = await read({
    store: 'placed.zarr',
    chunkStart: [99, 200, 299],
    chunkSize: [2, 1, 2],
    fillOutside: true,
  })
  assert.equal([...before.data], [9, 9, 9, at(0, 0, 0)])
})

test('what cannot be read is refused by name', async () => {
  const refused = (options: Record<string, unknown>) => refusal(() => read(options))
  assert.match(await refused({ store: 'nowhere.zarr' }), 'zarr-missing')
  assert.match(await refused({ store: 'a.zarr.zip' }), 'is an archive')
  const write = (name: string, change: Record<string, unknown>): void => {
    mkdirSync(file(name), { recursive: true })
    const json = {
      zarr_format: 2,
      shape: [4, 4, 4],
      chunks: [2, 2, 2],
      dtype: '<u2',
      fill_value: 0,
      order: 'C',
      filters: null,
      compressor: null,
    }
    writeFileSync(file(`${name}/.zarray`), JSON.stringify({ ...json, ...change }))
  }
  write('lzma.zarr', { compressor: { id: 'lzma' } })
  assert.match(await refused({ store: 'lzma.zarr' }), 'The compressor "lzma" cannot be read here')
  write('scaled.zarr', { filters: [{ id: 'fixedscaleoffset', scale: 2, offset: 0, dtype: '<f4' }] })
  assert.match(await refused({ store: 'scaled.zarr' }), 'The filter "fixedscaleoffset" cannot be read here')
  write('text.zarr', { dtype: '<U5' })
  assert.match(await refused({ store: 'text.zarr' }), 'Elements of the type "<U5"')
  write('chunks.zarr', { chunks: [2, 0, 2] })
  assert.match(await refused({ store: 'chunks.zarr' }), 'zarr-metadata-invalid')
  write('short.zarr', {})
  writeFileSync(file('short.zarr/1.0.1'), Buffer.alloc(15))
  assert.match(await refused({ store: 'short.zarr' }), /zarr-chunk-corrupt.*1\.0\.1/)
  write('damaged.zarr', { compressor: { id: 'zstd', level: 1 } })
  writeFileSync(file('damaged.zarr/0.0.0'), Buffer.alloc(40, 7))
  assert.match(await refused({ store: 'damaged.zarr' }), 'zarr-chunk-corrupt')
  writeFileSync(file('damaged.zarr/.zarray'), '{"zarr_format": 2')
  assert.match(
    await refused({ store: 'damaged.zarr' }),
    /metadata file \S+damaged\.zarr\/\.zarray is not JSON: "\{\\"zarr_format\\": 2"/,
  )
  for (const [name, text, message] of [
    ['.zarray', '{\n', 'is not JSON: "{\\n"'],
    ['.zarray', '\n', 'is empty'],
    ['.zarray', '[\n1]', 'holds no JSON object: "[\\n1]"'],
    ['zarr.json', '{\n', 'is not JSON: "{\\n"'],
  ] as const) {
    writeFileSync(file(`damaged.zarr/${name}`), text)
    const found = await refused({ store: 'damaged.zarr' })
    assert.ok(found.includes(`damaged.zarr/${name} ${message}`), found)
    assert.not.match(found, '\n')
  }
  assert.match(await refused({ store: 'short.zarr', mip: 2 }), 'it has no mip 2')
})

test.run()
