import { readdirSync, readFileSync } from 'node:fs'
import { boundingBox, boxFromSize, type Chunk, createChunk, parseOptions, zyx } from '@chunkflow/sdk'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mrcFolder } from '../testing/mrc.js'
import saveMrc from './save-mrc.js'

const test = suite('mrc operators')
const folder = mrcFolder()
const { file, load, python, save } = folder
test.after(() => folder.remove())
const STORED = ['int8', 'uint8', 'int16', 'uint16', 'float16', 'float32'] as const
const values = (chunk: Chunk): unknown[] => [...(chunk.data as Uint8Array)]

test('every element type comes back as it was, 3-D and 4-D, with its place', async () => {
  for (const dtype of STORED)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]]) {
      const chunk = rampChunk(shape, { dtype, ...ODD_PLACEMENT })
      const name = `${dtype}-${shape.length}.mrc`
      await save(chunk, { fileName: name })
      const read = await load<Chunk>(name, { headerOffset: true })
      assert.equal(
        [read.dtype, read.shape, read.voxelOffset, read.voxelSize],
        [dtype, shape, [7, -3, 11], [40, 8, 4]],
      )
      assert.equal(values(read), values(chunk), name)
      assert.equal((await load<Chunk>(name)).voxelOffset, [0, 0, 0])
    }
})

test('mrcfile finds valid files, the same voxels and the voxel size', async () => {
  // 1 + n / 1024
  const half = Uint16Array.from({ length: 630 }, (_, index) => 0x3c00 + index)
  await save(createChunk(half, ODD_SHAPE, { dtype: 'float16' }), { fileName: 'half.mrc' })
  const output = python(`
for dtype in 'int8 int16 uint16 float16 float32'.split():
    for shape in ((5, 9, 14), (2, 5, 9, 14)):
        name = f'{dtype}-{len(shape)}.mrc'
        # half floats as small as these have a deviation of 0 in mrcfile
        assert dtype == 'float16' or mrcfile.validate(name), name
        ramp = np.arange(np.prod(shape)).reshape(shape)
        want = ramp / ramp.size if dtype == 'float32' else ramp.astype('u2').view('f2') if dtype == 'float16' else ramp
        with mrcfile.open(name) as mrc:
            assert np.array_equal(mrc.data, want.astype(dtype)) and mrc.data.dtype == dtype, name
            assert np.allclose([mrc.voxel_size[n] for n in 'xyz'], [40, 80, 400]), mrc.voxel_size
            assert [mrc.nstart[n] for n in 'xyz'] == [11, -3, 7], mrc.nstart
            assert mrc.is_volume() == (len(shape) == 3)
assert mrcfile.validate('half.mrc') and mrcfile.read('half.mrc')[4, 8, 13] == 1 + 629 / 1024
with mrcfile.open('uint8-3.mrc') as mrc:
    assert np.array_equal(mrc.data.view('u1'), np.arange(630).reshape(5, 9, 14).astype('u1'))
    stats = mrc.data.view('u1')
    assert (mrc.header.dmin, mrc.header.dmax) == (0, 255) and np.isclose(mrc.header.dmean, stats.mean()) and np.isclose(mrc.header.rms, stats.std())
print('equal')`)
  if (output !== null) assert.match(output, /equal$/)
})

test('reads what mrcfile writes: byte orders, extended headers, modes, voxel sizes', async () => {
  const made = python(`
a = (np.arange(5 * 9 * 14) * 7919 % 30000).reshape(5, 9, 14)
for code in 'i2 u2 f4 f2 i1'.split():
    with mrcfile.new(f'{code}.mrc', overwrite=True) as mrc:
        mrc.set_data((a % 100).astype(code)); mrc.voxel_size = (4.1, 8, 400.5); mrc.nstart = (11, -3, 7)
with mrcfile.open('i2.mrc') as mrc: header, data = mrc.header.copy(), mrc.data.copy()
big = header.astype(header.dtype.newbyteorder('>')); big['machst'] = (0x11, 0x11, 0, 0); big['nsymbt'] = 320
open('big.mrc', 'wb').write(big.tobytes() + b'x' * 320 + data.astype('>i2').tobytes())
# columns are y, rows are z, sections are x
order = header.copy(); order['mapc'], order['mapr'], order['maps'] = 2, 3, 1
order['nx'], order['ny'], order['nz'] = 9, 5, 14; order['nxstart'], order['nystart'], order['nzstart'] = -3, 7, 11
open('order.mrc', 'wb').write(order.tobytes() + np.ascontiguousarray(data.transpose(2, 0, 1)).tobytes())
old = header.copy(); old['machst'] = 0; old['map'] = b''
open('old.mrc', 'wb').write(old.astype(old.dtype.newbyteorder('>')).tobytes() + data.astype('>i2').tobytes())
with mrcfile.new('stack.mrc', overwrite=True) as mrc: mrc.set_data(a[:4].astype('i2')); mrc.set_image_stack()
with mrcfile.new('section.mrc', overwrite=True) as mrc: mrc.set_data(a[0].astype('i2'))`)
  if (made === null) return
  const wanted = Array.from({ length: 630 }, (_, index) => ((index * 7919) % 30_000) % 100)
  for (const name of ['i2', 'u2', 'f4', 'i1', 'big', 'order', 'old']) {
    const read = await load<Chunk>(`${name}.mrc`, { headerOffset: true })
    assert.equal(
      [read.shape, read.voxelOffset, read.voxelSize],
      [
        [5, 9, 14],
        [7, -3, 11],
        [40.05, 0.8, 0.41],
      ],
      name,
    )
    assert.equal(values(read).map(Number), wanted, name)
  }
  const half = await load<Chunk>('f2.mrc', { dtype: 'float32' })
  assert.equal(values(half), wanted)
  assert.equal((await load<Chunk>('stack.mrc')).shape, [4, 9, 14])
  const section = await load<Chunk>('section.mrc')
  assert.equal([section.shape, section.voxelSize], [[1, 9, 14], null])
  // a part of a file with other axes: z 2 to 4, y 1 to 4, x 12 to 14
  const part = await load<Chunk>('order.mrc', { cutoutStart: [2, 1, 12], cutoutSize: [2, 3, 2] })
  const at = (z: number, y: number, x: number) => wanted[(z * 9 + y) * 14 + x]
  assert.equal(
    values(part),
    [2, 3].flatMap((z) => [1, 2, 3].flatMap((y) => [12, 13].map((x) => at(z, y, x)))),
  )
})

test('the cutout: options, else the box of the task, else everything; it ends with the file', async () => {
  const box = boundingBox(zyx(1, 2, 3), zyx(4, 30, 6))
  const ofTask = await load<Chunk>('uint16-3.mrc', {}, { bbox: box })
  assert.equal(
    [ofTask.voxelOffset, ofTask.shape],
    [
      [1, 2, 3],
      [3, 7, 3],
    ],
  )
  assert.is(ofTask.data[0], 126 + 2 * 14 + 3)
  const placed = { voxelOffset: [10, 20, 30] }
  const ofOptions = await load<Chunk>(
    'uint16-3.mrc',
    { ...placed, cutoutStart: [11, 22, 33], cutoutStop: [12, 23, 35] },
    { bbox: box },
  )
  assert.equal(
    [ofOptions.voxelOffset, values(ofOptions)],
    [
      [11, 22, 33],
      [157, 158],
    ],
  )
  const outside = { bbox: boxFromSize(zyx(0, -1, 0), zyx(1, 1, 1)) }
  assert.match(await refusal(() => load('uint16-3.mrc', {}, outside)), 'chunk-outside')
  assert.match(
    await refusal(() => load('uint16-3.mrc', placed, { bbox: box })),
    'which covers 10-15_20-29_30-44',
  )
})

test('options beat the header', async () => {
  const read = await load<Chunk>('uint16-3.mrc', {
    headerOffset: true,
    voxelOffset: [1, 2, 3],
    voxelSize: [30, 6, 6],
    dtype: 'float32',
    layerType: 'image',
  })
  assert.equal(
    [read.voxelOffset, read.voxelSize, read.dtype, read.layerType],
    [[1, 2, 3], [30, 6, 6], 'float32', 'image'],
  )
  assert.is(read.data[628], 628)
})

test('signs of bytes: the stamp, the extremes, the standard, the option', async () => {
  assert.is((await load<Chunk>('uint8-3.mrc')).dtype, 'uint8')
  assert.equal(
    (await load<Chunk>('uint8-3.mrc', { bytes: 'signed' })).data.subarray(127, 129),
    Int8Array.of(127, -128),
  )
  assert.is((await load<Chunk>('int8-3.mrc', { bytes: 'unsigned' })).dtype, 'uint8')
})

test('conversions that change nothing are made, others refused', async () => {
  const labels = createChunk(Uint32Array.of(0, 65_535, 7), [1, 1, 3])
  assert.match(
    await refusal(() => save(labels, { fileName: 'a.mrc' })),
    'mrc-options: MRC files have no uint32',
  )
  await save(labels, { fileName: 'a.mrc', dtype: 'uint16' })
  assert.equal(values(await load<Chunk>('a.mrc')), [0, 65_535, 7])
  assert.match(await refusal(() => save(labels, { fileName: 'b.mrc', dtype: 'int16' })), 'Voxel 1 of')
  const ids = createChunk(BigUint64Array.of(2n ** 24n, 2n ** 24n + 1n), [1, 1, 2])
  assert.match(
    await refusal(() => save(ids, { fileName: 'b.mrc', dtype: 'float32' })),
    '16777217, is none of float32',
  )
  assert.not.ok(readdirSync(folder.path).includes('b.mrc'))
  await save(createChunk(Uint8Array.of(0, 1), [1, 1, 2], { dtype: 'bool' }), { fileName: 'bools.mrc' })
  assert.equal(values(await load<Chunk>('bools.mrc')), [0, 1])
  // the planner refuses what it can see
  const options = parseOptions(saveMrc, {}) as never
  assert.match(
    await refusal(() => saveMrc.infer!({ inputChunkName: { kind: 'chunk', dtype: 'uint64' } }, options)),
    'mrc-options',
  )
})

test('names: the box, a folder, a prefix; a single channel is dropped; a dry run writes nothing', async () => {
  const chunk = rampChunk([1, ...ODD_SHAPE], { dtype: 'uint8', ...ODD_PLACEMENT })
  await save(chunk)
  await save(chunk, { fileName: 'sub/' })
  await save(chunk, { fileName: 'part' })
  await save(chunk, { fileName: 'one.rec' })
  for (const name of [
    '7-12_-3-6_11-25.mrc',
    'sub/7-12_-3-6_11-25.mrc',
    'part_7-12_-3-6_11-25.mrc',
    'one.rec',
  ])
    assert.equal((await load<Chunk>(name)).shape, ODD_SHAPE)
  const before = readdirSync(folder.path)
  const { messages } = await save(chunk, { fileName: 'dry' }, { dryRun: true })
  assert.equal(messages.info, ['dry run: would write dry_7-12_-3-6_11-25.mrc'])
  assert.equal(readdirSync(folder.path), before)
  assert.equal(readFileSync(file('one.rec')), readFileSync(file('sub/7-12_-3-6_11-25.mrc')))
})

test('what cannot be written is refused before a file is begun, also in a dry run', async () => {
  const far = createChunk(new Uint8Array(1), [1, 1, 1], { voxelOffset: [0, 0, 2 ** 31] })
  const empty = createChunk(new Uint8Array(0), [0, 1, 1])
  const labels = rampChunk([1, 2, 3], { dtype: 'uint32' })
  for (const dryRun of [true, false])
    for (const chunk of [far, empty, labels])
      assert.match(await refusal(() => save(chunk, { fileName: 'no.mrc' }, { dryRun })), 'mrc-options')
  assert.not(readdirSync(folder.path).some((name) => name.startsWith('no')))
})

test.run()
