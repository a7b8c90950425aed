import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import {
  boxFromSize,
  type Chunk,
  createChunk,
  cutout,
  type Dtype,
  emptyChunk,
  formatBox,
  parseOptions,
  SILENT_PROGRESS,
  zyx,
} from '@chunkflow/sdk'
import {
  ODD_PLACEMENT,
  ODD_SHAPE,
  rampChunk,
  recordingLogger,
  refusal,
  testTask,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf, sameVoxels, WORKER, zarrFolder } from '../testing/zarr-folder.js'
import saveZarr from './save-zarr.js'

const test = suite('save-zarr')
const folder = zarrFolder()
const { file, read, save, python } = folder
test.after(() => folder.remove())

const json = (name: string) => JSON.parse(readFileSync(file(name), 'utf8'))
const chunksOf = (store: string): string[] =>
  readdirSync(file(store))
    .filter((name) => /^\d/.test(name))
    .sort()

/** What Python finds: dtype, shape, and the array as z y x (c last stays last) in bytes. */
function pythonReads(store: string, transpose: string): { about: string; bytes: Buffer } | null {
  const printed = python(`
a = zarr.open('${store}', mode='r')
v = np.ascontiguousarray(a[:].transpose(${transpose}))
print(a.dtype, a.shape, a.chunks)
print(v.tobytes().hex())`)
  if (printed === null) return null
  const [about, hex] = printed.split('\n') as [string, string]
  return { about, bytes: Buffer.from(hex, 'hex') }
}

test('a new array: as the specification says, and as Python reads it', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16', voxelOffset: [1, 2, 3], voxelSize: [40, 8, 4] })
  await save(chunk, { store: 'new.zarr', shape: [8, 12, 20], chunkSize: [2, 4, 5] })
  const metadata = json('new.zarr/.zarray')
  assert.equal([metadata.shape, metadata.chunks, metadata.dtype], [[20, 12, 8], [5, 4, 2], '<u2'])
  assert.equal(json('new.zarr/.zattrs'), {
    _ARRAY_DIMENSIONS: ['x', 'y', 'z'],
    voxel_offset: [0, 0, 0],
    resolution: [4, 8, 40],
    dimension_units: ['4 nm', '8 nm', '40 nm'],
  })
  const whole = await read({ store: 'new.zarr' })
  assert.equal(
    [[...whole.shape], [...whole.voxelSize!]],
    [
      [8, 12, 20],
      [40, 8, 4],
    ],
  )
  const back = await read({ store: 'new.zarr', chunkStart: [1, 2, 3], chunkSize: [...ODD_SHAPE] })
  assert.ok(sameVoxels(back, chunk))
  const found = pythonReads('new.zarr', '2, 1, 0')
  if (found === null) return
  assert.is(found.about, 'uint16 (20, 12, 8) (5, 4, 2)')
  assert.is(Buffer.compare(found.bytes, bytesOf(whole)), 0)
})

test('element types, compressors, orders and channels, read by Python', async () => {
  const dtypes: readonly Dtype[] = [
    'bool',
    'uint8',
    'int8',
    'uint16',
    'int16',
    'uint32',
    'int32',
    'uint64',
    'int64',
    'float16',
    'float32',
    'float64',
  ]
  for (const [index, dtype] of dtypes.entries()) {
    const compressor = ['zstd', 'blosc', 'gzip', 'none'][index % 4]!
    const order = index % 2 === 0 ? 'zyx' : 'xyz'
    const shape = index % 3 === 0 ? [2, ...ODD_SHAPE] : [...ODD_SHAPE]
    const chunk = rampChunk(shape, { dtype, ...ODD_PLACEMENT })
    if (dtype === 'uint64') chunk.data[7] = 2n ** 64n - 1n
    const store = `${dtype}.zarr`
    await save(chunk, {
      store,
      compressor,
      order,
      chunkSize: [2, 4, 5],
      voxelOffset: [...ODD_PLACEMENT.voxelOffset],
    })
    const back = await read({ store })
    assert.is(back.dtype, dtype)
    assert.equal([...back.shape], shape)
    assert.equal([...back.voxelOffset], [...ODD_PLACEMENT.voxelOffset])
    assert.equal([...back.voxelSize!], [...ODD_PLACEMENT.voxelSize])
    assert.ok(sameVoxels(back, chunk), dtype)
    const axes =
      order === 'zyx' ? shape.map((_, axis) => axis) : shape.map((_, axis) => shape.length - 1 - axis)
    const found = pythonReads(store, axes.join(', '))
    if (found === null) return
    assert.is(Buffer.compare(found.bytes, bytesOf(chunk)), 0, `${dtype} ${compressor} ${order}`)
  }
})

test('chunks of nothing are not stored, and vanish when overwritten', async () => {
  const store = 'sparse.zarr'
  const chunk = emptyChunk('uint8', [4, 4, 4])
  chunk.data[63] = 5
  await save(chunk, { store, chunkSize: [2, 2, 2], order: 'zyx' })
  assert.equal(chunksOf(store), ['1.1.1'])
  await save(emptyChunk('uint8', [4, 4, 4]), { store })
  assert.equal(chunksOf(store), [])
  assert.ok((await read({ store })).data.every((value) => value === 0))
})

test('neighbours that share chunks lose nothing of each other', async () => {
  const store = 'shared.zarr'
  const whole = rampChunk([6, 7, 8], { dtype: 'uint32' })
  const options = { store, shape: [6, 7, 8], chunkSize: [4, 4, 4] }
  const boxes = [
    boxFromSize(zyx(0, 0, 0), zyx(3, 3, 3)),
    boxFromSize(zyx(0, 0, 3), zyx(3, 3, 5)),
    boxFromSize(zyx(0, 3, 0), zyx(3, 4, 8)),
    boxFromSize(zyx(3, 0, 0), zyx(3, 7, 8)),
  ]
  await Promise.all(boxes.map((box) => save(cutout(whole, box), options)))
  assert.ok(sameVoxels(await read({ store }), whole))
})

test('labels that the element type cannot hold are told of', async () => {
  const labels = createChunk(new Uint32Array([1, 255, 256, 70_000]), [1, 2, 2])
  const { messages } = await save(labels, { store: 'narrow.zarr', dtype: 'uint8' })
  assert.equal(
    messages.warn.filter((line) => line.includes('narrow.zarr')).map((line) => line.replace(/^.*: /, '')),
    ['2 values of uint32 are other numbers in uint8'],
  )
})

test('an array that is there: element type, channels, axes, bounds', async () => {
  const store = 'there.zarr'
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  await save(chunk, { store })
  const refused = (other: Chunk, options = {}) => refusal(() => save(other, { store, ...options }))
  assert.match(await refused(rampChunk(ODD_SHAPE, { dtype: 'uint8' })), 'convert it with --dtype uint16')
  assert.match(await refused(rampChunk([2, ...ODD_SHAPE], { dtype: 'uint16' })), 'has 2 channels')
  assert.match(await refused(chunk, { order: 'zyx' }), 'whose axes are x y z')
  assert.match(await refused(chunk, { shape: [9, 9, 9] }), 'has 5×9×14 voxels')
  const shifted = (voxelOffset: readonly number[]) => rampChunk(ODD_SHAPE, { dtype: 'uint16', voxelOffset })
  assert.match(await refused(shifted([0, 0, -1])), 'begins at 0 0 -1')
  assert.match(await refused(shifted([5, 0, 0])), 'lies outside')
  assert.match(await refused(shifted([2, 0, 0]), { strictBounds: true }), 'lies partly outside')
  const { task, messages } = await save(shifted([4, 8, 13]), { store, name: 'saved' })
  // all but one voxel are dropped; the first one is 0
  assert.equal(task.log.dropped_voxels, { saved: 5 * 9 * 14 - 1 })
  assert.match(messages.warn[0]!, 'voxels other than 0 were dropped')
  assert.is((await read({ store })).data.at(-1), 0)
  await save(rampChunk(ODD_SHAPE, { dtype: 'float32' }), { store, dtype: 'uint16' })
  assert.match(
    await refusal(() => save(shifted([0, -2, 0]), { store: 'negative.zarr' })),
    '--voxel-offset 0 -2 0',
  )
  assert.not(existsSync(file('negative.zarr')))
})

test('an array of others: filters, Fortran order, big-endian, a fill value; axes are asked for, then written down', async () => {
  const made = python(`
a = zarr.open('others.zarr', mode='w', shape=(14, 9, 5), chunks=(5, 4, 2), dtype='>i4', order='F', fill_value=-7,
              compressor=numcodecs.Blosc(cname='zstd'), dimension_separator='/', filters=[numcodecs.Delta('>i4')])
a.attrs['note'] = 'kept'
s = zarr.open('shuffled.zarr', mode='w', shape=(5, 9, 14), chunks=(2, 4, 5), dtype='<u8', filters=[numcodecs.Shuffle(8)], compressor=numcodecs.Zlib(1))
s.attrs['_ARRAY_DIMENSIONS'] = ['z', 'y', 'x']
l = zarr.open('lz4.zarr', mode='w', shape=(5, 9, 14), chunks=(2, 4, 5), dtype='<u8', compressor=numcodecs.LZ4())
l.attrs['_ARRAY_DIMENSIONS'] = ['z', 'y', 'x']
b = zarr.open('blosc.zarr', mode='w', shape=(5, 9, 14), chunks=(2, 4, 5), dtype='<u8', compressor=numcodecs.Blosc(shuffle=numcodecs.Blosc.AUTOSHUFFLE))
b.attrs['_ARRAY_DIMENSIONS'] = ['z', 'y', 'x']
print('made')`)
  if (made === null) return
  const chunk = rampChunk([3, 5, 7], { dtype: 'int32', voxelOffset: [1, 2, 3] })
  assert.match(await refusal(() => save(chunk, { store: 'others.zarr' })), 'does not say what its axes are')
  await save(chunk, { store: 'others.zarr', order: 'xyz', resolution: [40, 8, 4], mip: 1 })
  assert.equal(json('others.zarr/.zattrs'), {
    _ARRAY_DIMENSIONS: ['x', 'y', 'z'],
    note: 'kept',
    resolution: [8, 16, 80],
  })
  const expected = `
a = zarr.open('others.zarr', mode='r')[:].transpose(2, 1, 0)
inner = np.arange(105).reshape(3, 5, 7)
outer = np.full((5, 9, 14), -7); outer[1:4, 2:7, 3:10] = inner
print((a == outer).all())`
  assert.is(python(expected), 'True')
  for (const store of ['shuffled.zarr', 'lz4.zarr', 'blosc.zarr']) {
    const labels = rampChunk([5, 9, 14], { dtype: 'uint64' })
    await save(labels, { store })
    assert.ok(sameVoxels(await read({ store }), labels))
    assert.is(python(`print((zarr.open('${store}', mode='r')[:].ravel() == np.arange(630)).all())`), 'True')
  }
})

test('the array reaches as far as the tasks of the chain', async () => {
  const taskRange = boxFromSize(zyx(0, 0, 0), zyx(10, 20, 30))
  await save(rampChunk(ODD_SHAPE, { dtype: 'uint8' }), { store: 'range.zarr', order: 'zyx' }, { taskRange })
  assert.equal(json('range.zarr/.zarray').shape, [10, 20, 30])
})

test('groups above an array, both versions', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
  await save(chunk, { store: 'deep.zarr', path: 'volumes/raw' })
  assert.equal(json('deep.zarr/.zgroup'), { zarr_format: 2 })
  assert.equal(json('deep.zarr/volumes/.zgroup'), { zarr_format: 2 })
  assert.is(python("print(list(zarr.open('deep.zarr', mode='r').volumes.arrays())[0][0])") ?? 'raw', 'raw')
  assert.match(
    await refusal(() => save(chunk, { store: 'deep.zarr', path: 'volumes/raw/more' })),
    'nothing can lie below',
  )
  await save(chunk, { store: 'deep3.zarr', path: 'volumes/raw', zarrFormat: 3 })
  assert.is(json('deep3.zarr/volumes/zarr.json').node_type, 'group')
  assert.ok(sameVoxels(await read({ store: 'deep3.zarr', path: 'volumes/raw' }), chunk))
})

test('workers that make an array at once agree; a second run writes the same', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  const options = { store: 'raced.zarr', shape: [5, 9, 28], chunkSize: [2, 4, 5] }
  const other = rampChunk(ODD_SHAPE, { dtype: 'uint16', voxelOffset: [0, 0, 14] })
  await Promise.all([save(chunk, options), save(other, options), save(chunk, options)])
  const right = await read({ store: 'raced.zarr', chunkStart: [0, 0, 14] })
  assert.ok(sameVoxels(right, other))
  const before = readFileSync(file('raced.zarr/0.0.0'))
  await save(chunk, options)
  assert.equal(readFileSync(file('raced.zarr/0.0.0')), before)
})

test('an array that another worker is just making is made', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  const attributes = { _ARRAY_DIMENSIONS: ['x', 'y', 'z'], voxel_offset: [0, 0, 0] }
  mkdirSync(file('begun.zarr'))
  writeFileSync(file('begun.zarr/.zattrs'), JSON.stringify(attributes))
  await save(chunk, { store: 'begun.zarr' })
  assert.equal(json('begun.zarr/.zattrs'), attributes)
  assert.ok(sameVoxels(await read({ store: 'begun.zarr' }), chunk))
})

test('a dry run writes nothing and says what it would write', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  const { messages } = await save(chunk, { store: 'dry.zarr', chunkSize: [2, 4, 5] }, { dryRun: true })
  assert.match(
    messages.info[0]!,
    `would create dry.zarr (uint16 ${formatBox(boxFromSize(zyx(0, 0, 0), zyx(...ODD_SHAPE)))})`,
  )
  assert.not(existsSync(file('dry.zarr')))
})

test('N5 is read only', async () => {
  const made = python(
    `zarr.open_group(zarr.N5Store('a.n5'), mode='w').create_dataset('raw', shape=(5, 9, 14), dtype='u2'); print('made')`,
  )
  if (made === null) return
  const chunk = createChunk(new Uint16Array(8), [2, 2, 2])
  assert.match(
    await refusal(() => save(chunk, { store: 'a.n5', path: 'raw', order: 'zyx' })),
    'N5 is read, not written',
  )
})

test('damaged metadata are not overwritten', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  await save(chunk, { store: 'damaged.zarr' })
  writeFileSync(file('damaged.zarr/.zarray'), '{')
  assert.match(await refusal(() => save(chunk, { store: 'damaged.zarr' })), 'zarr-metadata-invalid')
  assert.is(readFileSync(file('damaged.zarr/.zarray'), 'utf8'), '{')
})

test('paths that ask for another format than that of the new array', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  for (const [store, options, message] of [
    ['zarr3://asked.zarr', {}, 'zarr-options: .* asks for zarr3, .* --zarr-format 3'],
    ['zarr2://asked.zarr', { zarrFormat: 3 }, 'zarr-options: .* asks for zarr2, .* --zarr-format 2'],
    ['n5://asked.zarr', {}, 'zarr-unsupported: .* N5 is read, not written'],
  ] as const) {
    assert.match(await refusal(() => save(chunk, { store, ...options })), new RegExp(message))
    assert.match(
      await refusal(() => save(chunk, { store, ...options }, { dryRun: true })),
      new RegExp(message),
    )
    assert.not(existsSync(file('asked.zarr')))
  }
  await save(chunk, { store: 'zarr3://asked.zarr', zarrFormat: 3 })
  assert.ok(sameVoxels(await read({ store: 'zarr3://asked.zarr' }), chunk))
})

test('an array whose fill value is open gets all its chunks: others find anything where none is', async () => {
  const store = 'open.zarr'
  mkdirSync(file(store))
  const metadata = {
    zarr_format: 2,
    shape: [4, 2, 3],
    chunks: [2, 2, 2],
    dtype: '<u4',
    order: 'C',
    compressor: null,
    filters: null,
    fill_value: null,
  }
  writeFileSync(file(`${store}/.zarray`), JSON.stringify(metadata))
  await save(emptyChunk('uint32', [4, 2, 3]), { store, order: 'zyx' })
  assert.equal(chunksOf(store), ['0.0.0', '0.0.1', '1.0.0', '1.0.1'])
  assert.is(python(`print(zarr.open('${store}', mode='r')[:].any())`) ?? 'False', 'False')
})

test('a refused place leaves no groups behind, also in a dry run', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  await save(chunk, { store: 'above/a' })
  for (const dryRun of [true, false])
    assert.match(
      await refusal(() => save(chunk, { store: 'above', path: 'a/b' }, { dryRun })),
      'nothing can lie below',
    )
  assert.not(existsSync(file('above/.zgroup')))
})

test('the size of a new array does not depend on which task of a queue comes first', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint16' })
  const lease = { seconds: 9, extend: async () => {}, acknowledge: async () => {}, release: async () => {} }
  const step = async (options: object, dryRun: boolean): Promise<void> => {
    const { logger } = recordingLogger()
    const made = await saveZarr.create({
      options: parseOptions(saveZarr, { store: 'queue.zarr', ...options }) as never,
      services: { store: folder.store, compute: folder.compute } as never,
      globals: { mip: 0, dryRun },
      name: 'save-zarr',
      logger,
      workers: { zarr: WORKER },
      assets: {},
    })
    const { signal } = new AbortController()
    const context = {
      signal,
      logger,
      progress: SILENT_PROGRESS,
      taskRange: undefined,
      onInterrupt: () => () => {},
    }
    const task = { ...testTask({ chunk, bbox: boxFromSize(zyx(0, 0, 0), zyx(...ODD_SHAPE)) }), lease }
    try {
      await (dryRun ? made.dryRun!(task, context) : made.run(task, context))
    } finally {
      await made.dispose?.()
    }
  }
  for (const dryRun of [true, false])
    assert.match(
      await refusal(() => step({}, dryRun)),
      /zarr-missing: .* one task of a queue does not say how large it is .* --shape/,
    )
  assert.not(existsSync(file('queue.zarr')))
  await step({ shape: [10, 20, 30] }, false)
  assert.equal(json('queue.zarr/.zarray').shape, [30, 20, 10])
  // one that is there needs no size
  await step({}, false)
})

test.run()
