import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type AnyOperator, boxFromSize, type Chunk, createChunk, NUMERIC_DTYPES, zyx } from '@chunkflow/sdk'
import {
  askPython,
  codeOf,
  ODD_PLACEMENT,
  ODD_SHAPE,
  rampChunk,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { tiffReader } from '../reader.js'
import { writeTiff } from '../write-tiff.js'
import loadTif from './load-tif.js'
import saveTif from './save-tif.js'

const test = suite('tiff')
const folder = temporaryFolder()
test.after(() => folder.remove())
const files = testFiles(folder.path)
const file = (name: string): string => path.join(folder.path, name)
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
  dryRun = false,
) => runOperator(definition, { options: options as never, variables, services: { files }, dryRun })
const load = async (options: Record<string, unknown>): Promise<Chunk> =>
  (await run(loadTif, options)).task.get<Chunk>('chunk')
const python = (module: string, program: string): string | null =>
  askPython(['numpy', module.split('.')[0]!], `import numpy as np, ${module}\n${program}`, {
    cwd: folder.path,
  })
const tifffile = (program: string) => python('tifffile', program)
const pillow = (program: string) => python('PIL.Image', program)

test('round trip: every dtype, 3-D and 4-D, every compression, BigTIFF', async () => {
  for (const dtype of NUMERIC_DTYPES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE], [1, ...ODD_SHAPE], [3, 1, 9, 14]])
      for (const form of [
        { compression: 'zlib' },
        { compression: '' },
        { compression: 'packbits' },
        { bigtiff: true },
      ]) {
        const chunk = rampChunk(shape, { dtype, ...ODD_PLACEMENT })
        await run(saveTif, { fileName: 'a.tif', ...form }, { chunk })
        const read = await load({ fileName: 'a.tif', voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] })
        assert.equal(
          [read.dtype, read.shape, read.voxelOffset, read.voxelSize],
          [dtype, chunk.shape, chunk.voxelOffset, chunk.voxelSize],
        )
        assert.equal(read.data, chunk.data, `${dtype} ${JSON.stringify(form)}`)
      }
})

test('64-bit ids are exact, bool becomes uint8', async () => {
  const ids = [0n, 2n ** 53n + 1n, 2n ** 64n - 1n, 5n]
  await run(saveTif, { fileName: 'ids.tif' }, { chunk: createChunk(BigUint64Array.from(ids), [1, 2, 2]) })
  assert.equal([...(await load({ fileName: 'ids.tif' })).data], ids)
  const mask = createChunk(Uint8Array.from([0, 1, 1, 0]), [1, 2, 2], { dtype: 'bool' })
  await run(saveTif, { fileName: 'mask.tif' }, { chunk: mask })
  const { dtype, data } = await load({ fileName: 'mask.tif' })
  assert.equal([dtype, ...data], ['uint8', 0, 1, 1, 0])
})

test('tifffile reads what is written here: array, axes, spacing', async () => {
  for (const dtype of NUMERIC_DTYPES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE], [1, ...ODD_SHAPE]])
      for (const form of ['zlib', '', 'packints', 'big'])
        await run(
          saveTif,
          {
            fileName: `${dtype}-${shape.length === 4 ? shape[0] : 0}-${form}.tif`,
            ...(form === 'big' ? { bigtiff: true } : { compression: form }),
          },
          { chunk: rampChunk(shape, { dtype, ...ODD_PLACEMENT }) },
        )
  const output = tifffile(`
for dtype in ${JSON.stringify(NUMERIC_DTYPES)}:
    for shape in ((5, 9, 14), (2, 5, 9, 14), (1, 5, 9, 14)):
        for form in ('zlib', '', 'packints', 'big'):
            name = f'{dtype}-{shape[0] if len(shape) == 4 else 0}-{form}.tif'
            with tifffile.TiffFile(name) as t:
                assert t.series[0].axes == 'CZYX'[-len(shape):], t.series[0].axes
                assert t.is_bigtiff == (form == 'big')
                meta = t.shaped_metadata[0]
                assert meta['spacing'] == 40 and meta['unit'] == 'nm', meta
                assert t.imagej_metadata['spacing'] == 40 and t.imagej_metadata['unit'] == 'nm'
                assert t.pages[0].tags['XResolution'].value == (1, 4)
                assert t.pages[0].tags['YResolution'].value == (1, 8)
            a = tifffile.imread(name)
            ramp = np.arange(np.prod(shape))
            want = (ramp / len(ramp)).astype(dtype) if dtype in ('float32', 'float64') else ramp.astype('uint16').view('float16') if dtype == 'float16' else ramp.astype(dtype)
            assert a.dtype == dtype and a.shape == shape, (name, a.dtype, a.shape)
            assert np.array_equal(a.ravel().view('uint8'), want.view('uint8')), name
print('equal')`)
  if (output !== null) assert.match(output, 'equal')
})

test('pages of several strips: tifffile and this plugin agree', async () => {
  // rows of 2 MiB: 8 of them make a strip
  const chunk = rampChunk([1, 19, 2 ** 19], { dtype: 'uint32' })
  await run(saveTif, { fileName: 'strips.tif' }, { chunk })
  assert.equal((await load({ fileName: 'strips.tif' })).data, chunk.data)
  const box = boxFromSize(zyx(0, 7, 5), zyx(1, 3, 2))
  const part = await tiffReader(files).read('strips.tif', { box })
  const expected = [7, 8, 9].flatMap((y) => [y * 2 ** 19 + 5, y * 2 ** 19 + 6])
  assert.equal([...part.data], expected)
  const output = tifffile(`
with tifffile.TiffFile('strips.tif') as t:
    print(len(t.pages[0].dataoffsets), np.array_equal(t.asarray().ravel(), np.arange(19 * 2**19)))`)
  if (output !== null) assert.is(output.trim(), '3 True')
})

test('BigTIFF is chosen when offsets no longer fit', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
  const settings = { dtype: 'uint8', scale: false, compression: '', bigtiff: false } as const
  for (const [name, classicLimit, magic] of [
    ['classic.tif', 2 ** 32 - 1, 42],
    ['beyond.tif', 1500, 43],
  ] as const) {
    await writeTiff(file(name), chunk, { ...settings, classicLimit })
    assert.is(readFileSync(file(name)).readUInt16LE(2), magic)
    assert.equal((await load({ fileName: name })).data, chunk.data)
  }
})

const SPREAD = Array.from({ length: 5 * 40 * 70 }, (_, index) => (index * 7919) % 60000)

test('reads what tifffile writes: tiles, byte order, predictor, BigTIFF, ImageJ, OME', async () => {
  const made = tifffile(`
a = (np.arange(5*40*70) * 7919 % 60000).reshape(5, 40, 70)
w = tifffile.imwrite
w('plain.tif', a.astype('uint16'))
w('no-description.tif', a.astype('uint16'), metadata=None)
w('strips.tif', a.astype('uint16'), rowsperstrip=7, metadata=None)
w('zlib.tif', a.astype('uint32'), compression='zlib', rowsperstrip=9)
w('big.tif', a.astype('>u2'), byteorder='>', bigtiff=True, rowsperstrip=3)
w('big-zlib.tif', a.astype('>i4'), byteorder='>', compression='zlib')
w('tiles.tif', a.astype('uint16'), tile=(16, 32))
w('tiles-zlib.tif', a.astype('float32'), tile=(32, 16), compression='zlib')
w('imagej.tif', a.astype('uint16'), imagej=True)
w('imagej-z.tif', a.astype('uint16'), imagej=True, metadata={'axes': 'ZYX'})
w('truncated.tif', a.astype('uint16'), metadata={'axes': 'ZYX', 'truncate': True})
w('ome.ome.tif', a.astype('uint16'), metadata={'axes': 'ZYX'})
with tifffile.TiffWriter('appended.tif') as t:
    for page in a.astype('uint16'): t.write(page)
w('u64.tif', a.astype('uint64') + 2**63, compression='zlib')
w('u64-big.tif', (a.astype('uint64') + 2**63).astype('>u8'), byteorder='>', tile=(16, 16))
w('f64.tif', a.astype('float64') / 3)
w('f16.tif', (a / 60000).astype('float16'), compression='zlib')
w('page.tif', a[0].astype('uint8'))
w('rgb.tif', np.dstack([a[0].astype('uint8'), a[1].astype('uint8'), a[2].astype('uint8')]), photometric='rgb')
w('rgb-stack.tif', np.stack([a, a + 1, a + 2], -1).astype('uint16'), photometric='rgb', compression='zlib')
w('planar.tif', a[:3].astype('uint8'), photometric='rgb', planarconfig='separate')
w('planar-plain.tif', a[:3].astype('uint16'), photometric='rgb', planarconfig='separate', metadata=None)
w('bits.tif', (a[0] % 2).astype(bool), photometric='minisblack')
b = np.arange(2*5*9*14).reshape(2, 5, 9, 14).astype('uint16')
w('czyx.tif', b, metadata={'axes': 'CZYX'})
w('no-axes.tif', b)
w('zcyx.tif', b.transpose(1, 0, 2, 3), imagej=True, metadata={'axes': 'ZCYX'})
w('hyper.ome.tif', b.transpose(1, 0, 2, 3), metadata={'axes': 'ZCYX'})
w('five.tif', np.zeros((2, 2, 5, 9, 14), 'uint8'), metadata={'axes': 'TCZYX'})`)
  if (made === null) return
  for (const name of [
    'plain',
    'no-description',
    'strips',
    'zlib',
    'big',
    'big-zlib',
    'tiles',
    'tiles-zlib',
    'imagej',
    'imagej-z',
    'truncated',
    'ome.ome',
    'appended',
  ]) {
    const chunk = await load({ fileName: `${name}.tif` })
    assert.equal(chunk.shape, [5, 40, 70], name)
    assert.equal(Array.from(chunk.data as Uint16Array), SPREAD, name)
  }
  for (const name of ['u64', 'u64-big']) {
    const ids = (await load({ fileName: `${name}.tif` })).data as BigUint64Array
    assert.ok(
      ids.every((id, index) => id === 2n ** 63n + BigInt(SPREAD[index]!)),
      name,
    )
  }
  assert.is((await load({ fileName: 'f64.tif' })).data[4], SPREAD[4]! / 3)
  const half = await load({ fileName: 'f16.tif', dtype: 'float32' })
  assert.ok(Math.abs((half.data[4] as number) - SPREAD[4]! / 60000) < 1e-3)
  assert.equal((await load({ fileName: 'page.tif' })).shape, [1, 40, 70])
  const bits = await load({ fileName: 'bits.tif' })
  assert.is(bits.dtype, 'bool')
  assert.equal(
    Array.from(bits.data as Uint8Array),
    SPREAD.slice(0, 2800).map((value) => value % 2),
  )
  // colours: the first channel, and a word about the others
  for (const [name, shape] of [
    ['rgb', [1, 40, 70]],
    ['rgb-stack', [5, 40, 70]],
    ['planar-plain', [1, 40, 70]],
  ] as const) {
    const { messages, task } = await run(loadTif, { fileName: `${name}.tif` })
    const chunk = task.get<Chunk>('chunk')
    assert.equal(chunk.shape, shape, name)
    assert.match(messages.warn[0]!, '3 samples')
    const mask = chunk.dtype === 'uint8' ? 255 : 65535
    assert.ok(
      (chunk.data as Uint16Array).every((value, index) => value === (SPREAD[index]! & mask)),
      name,
    )
  }
  // three sections that tifffile took for colours and stored as planes of one page
  assert.equal((await load({ fileName: 'planar.tif' })).shape, [3, 40, 70])
  // channels first, whatever the order in the file
  for (const name of ['czyx', 'no-axes', 'zcyx', 'hyper.ome']) {
    const chunk = await load({ fileName: `${name}.tif` })
    assert.equal(chunk.shape, [2, 5, 9, 14], name)
    assert.equal(
      Array.from(chunk.data as Uint16Array),
      Array.from({ length: 1260 }, (_, index) => index),
      name,
    )
  }
  assert.is(await codeOf(load({ fileName: 'five.tif' })), 'tiff-mixed')
})

test('reads what libtiff writes: LZW, PackBits, deflate, zstd, JPEG; names what it cannot', async () => {
  const made = pillow(`
from PIL import Image, TiffImagePlugin
a = (np.arange(40*70) * 7919 % 251).astype('uint8').reshape(40, 70)
f = (np.arange(40*70) / 7 - 100).astype('float32').reshape(40, 70)
u = (np.arange(40*70) * 23 % 60000).astype('uint16').reshape(40, 70)
for name in ('tiff_lzw', 'packbits', 'tiff_adobe_deflate', 'zstd', 'jpeg', 'lzma'):
    Image.fromarray(a).save(f'{name}.tif', compression=name)
for name, image, predictor in (('p2', u, 2), ('p3', f, 3), ('p2-8', a, 2)):
    for compression in ('tiff_lzw', 'tiff_adobe_deflate'):
        Image.fromarray(image).save(f'{compression}-{name}.tif', compression=compression, tiffinfo={317: predictor})
rng = np.random.default_rng(1)
noise = (rng.integers(0, 256, 120000) * (rng.random(120000) < 0.6)).astype('uint8').reshape(300, 400)
Image.fromarray(noise).save('lzw-noise.tif', compression='tiff_lzw')
noise.tofile('noise.raw')
np.save('jpeg.npy', np.asarray(Image.open('jpeg.tif')))`)
  if (made === null) return
  const grey = Array.from({ length: 2800 }, (_, index) => (index * 7919) % 251)
  for (const name of ['tiff_lzw', 'packbits', 'tiff_adobe_deflate', 'zstd'])
    assert.equal(Array.from((await load({ fileName: `${name}.tif` })).data as Uint8Array), grey, name)
  for (const compression of ['tiff_lzw', 'tiff_adobe_deflate']) {
    const values = async (name: string): Promise<number[]> =>
      Array.from((await load({ fileName: `${compression}-${name}.tif` })).data as Float32Array)
    assert.equal(await values('p2-8'), grey)
    assert.equal(
      await values('p2'),
      grey.map((_, index) => (index * 23) % 60000),
    )
    assert.equal(
      await values('p3'),
      grey.map((_, index) => Math.fround(index / 7 - 100)),
    )
  }
  const noise = (await load({ fileName: 'lzw-noise.tif' })).data
  assert.equal(Buffer.from(noise as Uint8Array), readFileSync(file('noise.raw')), 'LZW with full tables')
  const jpeg = (await load({ fileName: 'jpeg.tif' })).data as Uint8Array
  const decoded = readFileSync(file('jpeg.npy')).subarray(-2800)
  assert.ok(
    jpeg.every((value, index) => Math.abs(value - decoded[index]!) <= 1),
    'two JPEG decoders agree within rounding',
  )
  try {
    await load({ fileName: 'lzma.tif' })
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'tiff-unsupported')
    assert.match((error as Error).message, 'LZMA')
  }
})

test('an ImageJ stack whose only page stands for all sections', async () => {
  const made = tifffile(`
a = (np.arange(5*40*70) * 7919 % 60000).reshape(5, 40, 70).astype('>u2')
with open('virtual.tif', 'wb') as f:
    # header, one directory of 8 fields, description, then all planes
    text = b'ImageJ=1.53t\\nimages=5\\nslices=5\\n\\0'
    entries = [(256, 4, 1, 70), (257, 4, 1, 40), (258, 3, 1, 16 << 16), (262, 3, 1, 1 << 16), (270, 2, len(text), 200), (273, 4, 1, 300), (278, 4, 1, 40), (279, 4, 1, 5600)]
    f.write(b'MM\\0*' + (8).to_bytes(4, 'big') + len(entries).to_bytes(2, 'big'))
    for tag, kind, count, value in entries:
        f.write(tag.to_bytes(2, 'big') + kind.to_bytes(2, 'big') + count.to_bytes(4, 'big') + value.to_bytes(4, 'big'))
    f.write(bytes(4))
    f.seek(200); f.write(text)
    f.seek(300); f.write(a.tobytes())
assert tifffile.imread('virtual.tif').shape == (5, 40, 70)`)
  if (made === null) return
  const chunk = await load({ fileName: 'virtual.tif' })
  assert.equal(chunk.shape, [5, 40, 70])
  assert.equal(Array.from(chunk.data as Uint16Array), SPREAD)
  // without the last section the description cannot be right: one page remains
  truncateSync(file('virtual.tif'), 300 + 4 * 5600)
  const { task, messages } = await run(loadTif, { fileName: 'virtual.tif' })
  assert.equal(task.get<Chunk>('chunk').shape, [1, 40, 70])
  assert.match(messages.warn[0]!, 'describes 5 sections but has 1')
})

test('pages of different size or type are refused', async () => {
  const made = tifffile(`
with tifffile.TiffWriter('mixed.tif') as t:
    t.write(np.zeros((9, 14), 'uint8'), metadata=None)
    t.write(np.zeros((9, 13), 'uint8'), metadata=None)
with tifffile.TiffWriter('types.tif') as t:
    t.write(np.zeros((9, 14), 'uint8'), metadata=None)
    t.write(np.zeros((9, 14), 'uint16'), metadata=None)
with tifffile.TiffWriter('thumbnail.tif') as t:
    t.write(np.ones((3, 9, 14), 'uint8'), photometric='minisblack', metadata=None)
    t.write(np.zeros((4, 7), 'uint8'), subfiletype=1, metadata=None)
tifffile.imwrite('complex.tif', np.zeros((9, 14), 'complex64'))`)
  if (made === null) return
  for (const name of ['mixed.tif', 'types.tif'])
    assert.is(await codeOf(load({ fileName: name })), 'tiff-mixed')
  assert.equal((await load({ fileName: 'thumbnail.tif' })).shape, [3, 9, 14])
  assert.is(await codeOf(load({ fileName: 'complex.tif' })), 'tiff-unsupported')
})

test('a folder is a volume, a file a section', async () => {
  for (const z of [2, 0, 1])
    await run(
      saveTif,
      { fileName: `stack/s${z}.tif` },
      { chunk: createChunk(new Uint8Array(6).fill(z), [1, 2, 3]) },
    )
  writeFileSync(file('stack/.hidden.tif'), 'not read')
  const chunk = await load({ fileName: 'stack', voxelOffset: [10, 0, 0] })
  assert.equal(
    [chunk.shape, chunk.voxelOffset],
    [
      [3, 2, 3],
      [10, 0, 0],
    ],
  )
  assert.equal([chunk.data[0], chunk.data[6], chunk.data[12]], [0, 1, 2])
  const reader = tiffReader(files)
  assert.equal((await reader.probe('stack')).shape, [3, 2, 3])
  const part = await reader.read('stack', { box: boxFromSize(zyx(1, 1, 1), zyx(2, 1, 2)) })
  assert.equal([...part.data], [1, 1, 2, 2])
  await run(saveTif, { fileName: 'stack/s3.tif' }, { chunk: createChunk(new Uint16Array(6), [1, 2, 3]) })
  assert.is(await codeOf(load({ fileName: 'stack' })), 'tiff-mixed')
  await run(saveTif, { fileName: 'stack/s3.tif' }, { chunk: createChunk(new Uint8Array(12), [2, 2, 3]) })
  assert.is(await codeOf(load({ fileName: 'stack' })), 'tiff-mixed')
  mkdirSync(file('nothing'))
  assert.is(await codeOf(load({ fileName: 'nothing' })), 'tiff-missing')
})

test('maps become grey values only when asked; the box names the file', async () => {
  const chunk = createChunk(new Float32Array([0, 0.5, 0.999, 1]), [1, 2, 2], { voxelOffset: [1, -2, 3] })
  const name = '1-2_-2-0_3-5.tif'
  await run(saveTif, { dtype: 'uint8' }, { chunk })
  assert.equal([...(await load({ fileName: name })).data], [0, 127, 254, 255])
  await run(saveTif, { fileName: 'under/' }, { chunk })
  await run(saveTif, { fileName: 'under' }, { chunk })
  assert.equal(readdirSync(file('under')), [name])
  const lossless = await load({ fileName: `under/${name}` })
  assert.equal([lossless.dtype, ...lossless.data], ['float32', ...chunk.data])
  assert.is((await load({ fileName: name, dtype: 'float64', layerType: 'image' })).layerType, 'image')
  assert.is((await load({ fileName: name, dtype: 'uint32' })).layerType, 'segmentation')
  const wide = createChunk(new Float32Array([0, 1.5, 200.9, 7]), [1, 2, 2])
  const { messages } = await run(saveTif, { fileName: 'wide.tif', dtype: 'uint8' }, { chunk: wide })
  assert.match(messages.warn[0]!, 'outside')
  assert.equal([...(await load({ fileName: 'wide.tif' })).data], [0, 1, 200, 7])
})

test('a dry run writes nothing; bad options and files are refused', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
  const before = readdirSync(folder.path)
  assert.match((await run(saveTif, { fileName: 'dry.tif' }, { chunk }, true)).messages.info[0]!, 'dry.tif')
  for (const compression of ['lzw', 'lzma', 'delta', 'jpeg'])
    assert.is(await codeOf(run(saveTif, { fileName: 'x.tif', compression }, { chunk })), 'tiff-options')
  const empty = createChunk(new Uint8Array(0), [0, 9, 14])
  assert.is(await codeOf(run(saveTif, { fileName: 'x.tif' }, { chunk: empty })), 'tiff-options')
  assert.is(await codeOf(load({ fileName: 'nowhere.tif' })), 'tiff-missing')
  assert.equal(readdirSync(folder.path), before)
  assert.not.ok(existsSync(file('x.tif')))
})

test('a file that is no TIFF, or lost any of its bytes, is refused', async () => {
  writeFileSync(file('text.tif'), 'no TIFF at all, just text')
  writeFileSync(file('empty.tif'), '')
  for (const name of ['text.tif', 'empty.tif'])
    assert.is(await codeOf(load({ fileName: name })), 'tiff-unreadable')
  for (const [dtype, compression] of [
    ['uint8', 'zlib'],
    ['uint64', ''],
  ] as const) {
    await run(saveTif, { fileName: 'whole.tif', compression }, { chunk: rampChunk([3, 5, 7], { dtype }) })
    const whole = readFileSync(file('whole.tif'))
    // the last 22 bytes are padding and the resolution of the last page, which loading does not need
    for (let length = 0; length < whole.length - 22; length += 3) {
      writeFileSync(file('short.tif'), whole.subarray(0, length))
      assert.is(await codeOf(load({ fileName: 'short.tif' })), 'tiff-unreadable', `${dtype}, ${length} bytes`)
    }
  }
  // voxels of a page damaged, everything else in place
  await run(saveTif, { fileName: 'damaged.tif' }, { chunk: rampChunk([3, 50, 70], { dtype: 'uint16' }) })
  writeFileSync(file('damaged.tif'), readFileSync(file('damaged.tif')).fill(0xff, 300, 340))
  assert.is(await codeOf(load({ fileName: 'damaged.tif' })), 'tiff-unreadable')
  // the last page points to itself
  await run(
    saveTif,
    { fileName: 'circle.tif', compression: '' },
    { chunk: rampChunk([1, 2, 3], { dtype: 'uint8' }) },
  )
  const circle = readFileSync(file('circle.tif'))
  const directory = circle.readUInt32LE(4)
  circle.writeUInt32LE(directory, directory + 2 + circle.readUInt16LE(directory) * 12)
  writeFileSync(file('circle.tif'), circle)
  assert.is(await codeOf(load({ fileName: 'circle.tif' })), 'tiff-unreadable')
})

test('the reader describes without voxels and reads boxes', async () => {
  const chunk = rampChunk([2, ...ODD_SHAPE], { dtype: 'uint16' })
  await run(saveTif, { fileName: 'reader.tif' }, { chunk })
  const reader = tiffReader(files)
  assert.ok(reader.matches('A.TIFF') && reader.matches('x/b.tif') && !reader.matches('a.png'))
  assert.equal(await reader.probe('reader.tif'), {
    shape: [2, 5, 9, 14],
    dtype: 'uint16',
    voxelOffset: [0, 0, 0],
    voxelSize: null,
    layerType: null,
  })
  assert.equal((await reader.read('reader.tif')).data, chunk.data)
  const part = await reader.read('reader.tif', { box: boxFromSize(zyx(3, 4, 5), zyx(2, 1, 2)) })
  assert.equal(
    [part.shape, part.voxelOffset],
    [
      [2, 2, 1, 2],
      [3, 4, 5],
    ],
  )
  const at = (c: number, z: number, y: number, x: number): number => ((c * 5 + z) * 9 + y) * 14 + x
  assert.equal(
    [...part.data],
    [0, 1].flatMap((c) => [3, 4].flatMap((z) => [at(c, z, 4, 5), at(c, z, 4, 6)])),
  )
  const outside = reader.read('reader.tif', { box: boxFromSize(zyx(4, 0, 0), zyx(2, 1, 1)) })
  assert.is(await codeOf(outside), 'chunk-outside')
})

test.run()
