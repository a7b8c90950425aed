import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { boxFromSize, type Chunk, createChunk, parseOptions, zyx } from '@chunkflow/sdk'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { h5Folder } from '../testing/h5.js'
import loadH5 from './load-h5.js'

const test = suite('load-h5')
const folder = h5Folder()
test.after(() => folder.remove())
const { file, load, python, read, save } = folder
const box = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))
const ramp = rampChunk(ODD_SHAPE, { dtype: 'uint16', ...ODD_PLACEMENT })

test.before(async () => {
  await save(ramp, { fileName: 'ramp.h5', chunkSize: [2, 4, 5] })
})

/** What h5py writes: (i * 7919) mod 60000. */
const THEIRS = Array.from({ length: 5 * 9 * 14 }, (_, index) => (index * 7919) % 60000)
const MAKE = `a = (np.arange(5 * 9 * 14) * 7919 % 60000).reshape(5, 9, 14)`

test('reads what h5py writes: types, byte orders, layouts, filters', async () => {
  const made = python(`
${MAKE}
f = h5py.File('theirs.h5', 'w')
for name in 'u2 u4 u8 i4 i8 f4 f8 >u2 >u4 >i8 >f4 >f8'.split(): f['t_' + name.replace('>', 'big_')] = a.astype(name)
half = (a % 2048).astype('f2'); f['half'] = half; f['half_big'] = half.astype('>f2')
f['bool'] = a > 30000; f['codes'] = np.zeros(1)
del f['codes']; f.create_dataset('codes', data=(a % 3).astype('u1'), dtype=h5py.enum_dtype({'NONE': 0, 'AXON': 1, 'GLIA': 2}, 'u1'))
for name, how in dict(gzip=dict(compression='gzip', shuffle=True, fletcher32=True), scale=dict(scaleoffset=0), channels=dict(chunks=(5, 9, 2))).items():
    f.create_dataset('s_' + name, data=a.astype('u2'), **how)
f['pages'] = a[0].astype('f4'); f['four'] = np.stack([a, a + 1]).astype('u2')
f['link'] = h5py.SoftLink('/t_u2')
f.attrs['layer_type'] = 'segmentation'; f['global_offset'] = np.array([0, 1, 2, 3]); f['voxel_size'] = np.array([40, 4, 4], '>i4')
f.close()`)
  if (made === null) return
  const dataset = (name: string, options = {}) =>
    read({ fileName: 'theirs.h5', datasetPath: name, ...options })
  const numbers = ({ data }: Chunk) => Array.from(data as Float64Array, Number)
  for (const name of 'u2 u4 u8 i4 i8 f4 f8 big_u2 big_u4 big_i8 big_f4 big_f8'.split(' '))
    assert.equal(numbers(await dataset(`t_${name}`)), THEIRS, name)
  for (const name of ['s_gzip', 's_scale', 's_channels', '/link'])
    assert.equal(numbers(await dataset(name)), THEIRS, name)
  const half = await dataset('half')
  // 1 is bits 0 01111 0000000000, 1623 = 1024 + 599 is 0 11001 1001010111
  assert.equal([half.dtype, half.data[0], THEIRS[1]! % 2048, half.data[1]], ['float16', 0, 1775, 0x66ef])
  assert.equal((await dataset('half_big')).data, half.data)
  const bool = await dataset('bool')
  assert.equal([bool.dtype, numbers(bool)], ['bool', THEIRS.map((value) => (value > 30000 ? 1 : 0))])
  const codes = await dataset('codes')
  assert.equal([codes.dtype, numbers(codes)], ['uint8', THEIRS.map((value) => value % 3)])
  const pages = await dataset('pages')
  assert.equal([pages.shape, numbers(pages)], [[1, 9, 14], THEIRS.slice(0, 9 * 14)])
  const four = await dataset('four', { channels: '1' })
  assert.equal([four.shape, numbers(four)], [[5, 9, 14], THEIRS.map((value) => value + 1)])
  assert.equal([four.layerType, four.voxelOffset, four.voxelSize], ['segmentation', [1, 2, 3], [40, 4, 4]])
})

test('the CREMI form: a path, the resolution of the dataset, .hdf', async () => {
  const made = python(`
${MAKE}
f = h5py.File('cremi.hdf', 'w'); d = f.create_dataset('volumes/raw', data=a.astype('u1'), compression='gzip')
d.attrs['resolution'] = [40.0, 4.0, 4.0]; f['volumes/labels/neuron_ids'] = a.astype('u8'); f.attrs['file_format'] = '0.2'`)
  if (made === null) return
  const raw = await read({ fileName: 'cremi.hdf', datasetPath: '/volumes/raw' })
  assert.equal(
    [raw.shape, raw.dtype, raw.voxelSize, raw.voxelOffset, raw.layerType],
    [[5, 9, 14], 'uint8', [40, 4, 4], [0, 0, 0], 'image'],
  )
  assert.match(
    await refusal(() => read({ fileName: 'cremi.hdf' })),
    '--dataset-path: /volumes/labels/neuron_ids, /volumes/raw',
  )
  assert.match(await refusal(() => read({ fileName: 'cremi.hdf', datasetPath: '/volumes' })), 'is a group')
})

test('the first array of the root is read, not its companions, texts or lists', async () => {
  const made = python(`
f = h5py.File('first.h5', 'w'); f['a_text'] = 'hello'; f['b_list'] = np.arange(5); f['c_group/x'] = np.zeros((2, 2, 2))
f['global_thing'] = f['my_offset'] = f['unique_nonzeros'] = f['voxel_size_map'] = np.ones((2, 2, 2)); f['d'] = np.full((2, 3, 4), 7, 'u1'); f['e'] = np.zeros((2, 2, 2))`)
  if (made === null) return
  const first = await read({ fileName: 'first.h5' })
  assert.equal([first.shape, first.data[0], first.voxelSize], [[2, 3, 4], 7, [1, 1, 1]])
})

test('filters that are missing are named, with what to do', async () => {
  const made = python(`
${MAKE}
h5py.File('lzf.h5', 'w').create_dataset('main', data=a.astype('u1'), compression='lzf')`)
  if (made === null) return
  assert.match(
    await refusal(() => read({ fileName: 'lzf.h5' })),
    /hdf5-unreadable: .*lzf\.h5: \/main is compressed with the filter lzf.*h5repack -f GZIP=4/,
  )
})

test('missing, truncated, damaged and foreign files are refused with one sentence', async () => {
  await save(rampChunk([16, 64, 64], { dtype: 'uint32' }), { fileName: 'short.h5' })
  truncateSync(file('short.h5'), 3000)
  await save(rampChunk([16, 64, 64], { dtype: 'uint32' }), { fileName: 'damaged.h5' })
  const bytes = readFileSync(file('damaged.h5'))
  bytes.fill(0x55, 3000, 5000)
  writeFileSync(file('damaged.h5'), bytes)
  writeFileSync(file('text.h5'), 'not HDF5 at all')
  assert.match(await refusal(() => read({ fileName: 'short.h5' })), /hdf5-unreadable: .*truncated or damaged/)
  assert.match(await refusal(() => read({ fileName: 'damaged.h5' })), /hdf5-unreadable: .*damaged/)
  assert.match(
    await refusal(() => read({ fileName: 'text.h5' })),
    /hdf5-unreadable: .*it is not an HDF5 file/,
  )
  assert.match(
    await refusal(() => read({ fileName: 'nowhere.h5' })),
    'hdf5-missing: There is no file nowhere.h5',
  )
  assert.match(await refusal(() => read({ fileName: 'nowhere.hdf' }, { bbox: box })), 'hdf5-missing')
  assert.match(
    await refusal(() => read({ fileName: 'ramp.h5', datasetPath: 'raw' })),
    '/raw does not exist | name one with --dataset-path: /main',
  )
  // the next file is read all the same
  assert.equal((await read({ fileName: 'ramp.h5' })).data, ramp.data)
})

test('cutouts are global, by option or by the task box', async () => {
  const bbox = boxFromSize(zyx(8, 0, 20), zyx(2, 3, 4))
  const expected = [8, 9].flatMap((z) =>
    [0, 1, 2].flatMap((y) => [20, 21, 22, 23].map((x) => ((z - 7) * 9 + y + 3) * 14 + x - 11)),
  )
  const byTask = await read({ fileName: 'ramp.h5' }, { bbox })
  assert.equal([byTask.shape, byTask.voxelOffset, [...byTask.data]], [[2, 3, 4], [8, 0, 20], expected])
  const explicit = { fileName: 'ramp.h5', cutoutStart: [8, 0, 20], cutoutSize: [2, 3, 4] }
  assert.equal((await read(explicit, { bbox: boxFromSize(zyx(0, 0, 0), zyx(1, 1, 1)) })).data, byTask.data)
  const moved = await read({ ...explicit, voxelOffset: [8, 0, 20] })
  assert.equal([moved.voxelOffset, moved.data[0], moved.data[4]], [[8, 0, 20], 0, 14])
  assert.match(await refusal(() => read({ ...explicit, cutoutStart: [6, 0, 20] })), 'chunk-outside')
})

test('a cutout that overhangs the end of the array is cut there, with one warning', async () => {
  const { task, messages } = await load(
    { fileName: 'ramp.h5' },
    { bbox: boxFromSize(zyx(11, 5, 24), zyx(4, 4, 4)) },
  )
  assert.equal(
    [task.get<Chunk>('chunk').shape, task.get<Chunk>('chunk').data[0]],
    [[1, 1, 1], ramp.data.length - 1],
  )
  assert.match(messages.warn[0]!, 'read 11-12_5-6_24-25')
})

test('channels: one drops the axis, a list and a range keep it; only these are read', async () => {
  await save(rampChunk([3, 2, 2, 2], { dtype: 'uint8' }), { fileName: 'channels.h5' })
  const selected = async (channels: string) => read({ fileName: 'channels.h5', channels })
  assert.equal([(await selected('1')).shape, (await selected('1')).data[0]], [[2, 2, 2], 8])
  const swapped = await selected('[2,0]')
  assert.equal([swapped.shape, swapped.data[0], swapped.data[8]], [[2, 2, 2, 2], 16, 0])
  assert.equal((await selected('slice(0,2)')).shape, [2, 2, 2, 2])
  assert.equal((await selected('[1]')).shape, [1, 2, 2, 2])
  assert.match(await refusal(() => selected('3')), 'hdf5-options')
  assert.match(await refusal(() => read({ fileName: 'ramp.h5', channels: '0' })), 'hdf5-options')
})

test('options win over the file; a conversion keeps the rest', async () => {
  const chunk = await read({
    fileName: 'ramp.h5',
    layerType: 'image',
    voxelSize: [30, 6, 6],
    dtype: 'float32',
  })
  assert.equal(
    [chunk.layerType, chunk.layerTypeDeclared, chunk.voxelSize, chunk.dtype, chunk.data[17]],
    ['image', true, [30, 6, 6], 'float32', 17],
  )
})

test('prefixes and folders: the box names the file, and an empty or missing one is null', async () => {
  await save(ramp, { fileName: 'part-' })
  const { task } = await load({ fileName: 'part-', setBbox: true }, { bbox: box })
  assert.equal(task.get<Chunk>('chunk').data, ramp.data)
  await save(ramp, { fileName: '.' })
  const byOption = { fileName: folder.path, cutoutStart: [7, -3, 11], cutoutStop: [12, 6, 25] }
  assert.equal((await read(byOption)).data, ramp.data)
  await save(null, { fileName: 'none-' }, { bbox: box })
  assert.is(await read({ fileName: 'none-' }, { bbox: box }), null)
  assert.is(await read({ fileName: 'never-', setBbox: true, removeEmpty: true }, { bbox: box }), null)
  writeFileSync(file('empty.h5'), '')
  assert.is(await read({ fileName: 'empty.h5' }), null)
  assert.match(await refusal(() => read({ fileName: 'never-' })), 'for a prefix give a task with a box')
})

test('zero filling makes a chunk of the box that is missing', async () => {
  const zeros = await read({ fileName: 'never-', zeroFilling: true, dtype: 'uint16' }, { bbox: box })
  assert.equal(
    [zeros.shape, zeros.dtype, zeros.voxelOffset, zeros.data.some(Boolean)],
    [[5, 9, 14], 'uint16', [7, -3, 11], false],
  )
})

test('set-bbox gives the task the box of the chunk', async () => {
  const { task } = await load({ fileName: 'ramp.h5', cutoutStart: [8, 0, 20], setBbox: true })
  assert.equal(task.get('bbox'), boxFromSize(zyx(8, 0, 20), zyx(4, 6, 5)))
})

test('remove-empty deletes a file of zeros, never for a cutout or NaN', async () => {
  const zeros = createChunk(new Uint8Array(8), [2, 2, 2])
  await save(zeros, { fileName: 'zeros.h5' })
  await load({ fileName: 'zeros.h5', removeEmpty: true, cutoutSize: [1, 2, 2] })
  await load({ fileName: 'zeros.h5', removeEmpty: true }, {}, { dryRun: true })
  assert.ok(existsSync(file('zeros.h5')))
  await load({ fileName: 'zeros.h5', removeEmpty: true })
  assert.not.ok(existsSync(file('zeros.h5')))
  await save(createChunk(Float32Array.of(0, Number.NaN), [1, 1, 2]), { fileName: 'nan.h5' })
  await load({ fileName: 'nan.h5', removeEmpty: true })
  assert.ok(existsSync(file('nan.h5')))
})

test('the plan knows type and rank, and refuses what cannot work', async () => {
  const inferred = (given: Record<string, unknown>) =>
    loadH5.infer!({}, parseOptions(loadH5, { fileName: 'a.h5', ...given } as never) as never).outputChunkName
  assert.equal(inferred({ dtype: 'uint8', channels: '0', layerType: 'image' }), {
    kind: 'chunk',
    dtype: 'uint8',
    rank: 3,
    layerType: 'image',
    layerTypeDeclared: true,
  })
  assert.equal(inferred({ channels: '0:1' }), { kind: 'chunk', rank: 4 })
  assert.match(await refusal(() => inferred({ zeroFilling: true })), 'give --dtype')
  assert.match(await refusal(() => inferred({ cutoutSize: [0, 1, 1] })), 'is empty')
  assert.match(await refusal(() => inferred({ cutoutStart: [0, 5, 0], cutoutStop: [9, 5, 9] })), 'is empty')
})

test.run()
