import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type AnyOperator,
  boxFromSize,
  type Chunk,
  createChunk,
  type Dtype,
  formatBox,
  isChunkflowError,
  zyx,
} from '@chunkflow/sdk'
import {
  inlineCompute,
  ODD_PLACEMENT,
  ODD_SHAPE,
  rampChunk,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseChannels } from '../channels.js'
import { hdf5Reader } from '../reader.js'
import { slabsOf } from '../slabs.js'
import loadH5 from './load-h5.js'
import saveH5 from './save-h5.js'

const test = suite('hdf5')
const folder = temporaryFolder()
test.after(() => folder.remove())
const compute = inlineCompute()
const files = testFiles(folder.path)
const worker = new URL('../hdf5.worker.ts', import.meta.url)
const file = (name: string): string => path.join(folder.path, name)
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
  more: { dryRun?: boolean } = {},
) =>
  runOperator(definition, {
    options: options as never,
    variables,
    services: { files, compute },
    workers: { hdf5: worker },
    ...more,
  })
const load = async (
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
): Promise<Chunk> => (await run(loadH5, options, variables)).task.get<Chunk>('chunk')
const code = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action
  } catch (error) {
    return isChunkflowError(error) ? error.code : String((error as Error).stack)
  }
  return 'none'
}
const h5py = (program: string): string | null => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import h5py, numpy'], { stdio: 'ignore' })
  } catch {
    console.log('skipped: needs python3-h5py')
    return null
  }
  return execFileSync('/usr/bin/python3', ['-c', `import h5py, numpy as np\n${program}`], {
    encoding: 'utf8',
    cwd: folder.path,
  })
}

const DTYPES: readonly Dtype[] = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
  'float32',
  'float64',
]
const NUMPY: Partial<Record<Dtype, string>> = { bool: 'uint8' }

test('round trip: every dtype, offset, voxel size, layer type', async () => {
  for (const dtype of [...DTYPES, 'bool'] as const) {
    const chunk = rampChunk(ODD_SHAPE, { dtype, ...ODD_PLACEMENT })
    await run(saveH5, { fileName: `${dtype}.h5` }, { chunk })
    const read = await load({ fileName: `${dtype}.h5` })
    assert.is(read.dtype, dtype === 'bool' ? 'uint8' : dtype)
    assert.equal(
      [read.shape, read.voxelOffset, read.voxelSize],
      [chunk.shape, chunk.voxelOffset, chunk.voxelSize],
    )
    assert.equal(Array.from(read.data as Uint8Array), Array.from(chunk.data as Uint8Array))
    assert.is(read.layerType, chunk.layerType)
  }
})

test('float16 is widened to float32, exactly', async () => {
  const chunk = createChunk(Uint16Array.from([0x3c00, 0xc000, 1, 0x7bff]), [1, 2, 2], { dtype: 'float16' })
  await run(saveH5, { fileName: 'half.h5' }, { chunk })
  const read = await load({ fileName: 'half.h5' })
  assert.is(read.dtype, 'float32')
  assert.equal([...read.data], [1, -2, 2 ** -24, 65504])
})

test('64-bit ids are exact, and listed', async () => {
  const ids = [0n, 2n ** 53n + 1n, 2n ** 64n - 1n, 5n, 5n, 0n]
  await run(saveH5, { fileName: 'ids.h5' }, { chunk: createChunk(BigUint64Array.from(ids), [1, 2, 3]) })
  assert.equal([...(await load({ fileName: 'ids.h5' })).data], ids)
  const listed = h5py(`print(*h5py.File('ids.h5')['unique_nonzeros'][:], h5py.File('ids.h5')['main'].dtype)`)
  if (listed !== null) assert.is(listed.trim(), `5 ${2n ** 53n + 1n} ${2n ** 64n - 1n} uint64`)
})

test('h5py reads what is written here, 3-D and 4-D', async () => {
  for (const dtype of DTYPES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]])
      await run(
        saveH5,
        { fileName: `${dtype}-${shape.length}.h5` },
        { chunk: rampChunk(shape, { dtype, ...ODD_PLACEMENT }) },
      )
  const output = h5py(`
for dtype in ${JSON.stringify(DTYPES.map((dtype) => NUMPY[dtype] ?? dtype))}:
    for shape in ((5, 9, 14), (2, 5, 9, 14)):
        f = h5py.File(f'{dtype}-{len(shape)}.h5', 'r')
        ramp = np.arange(np.prod(shape))
        want = (ramp / len(ramp)).astype(dtype) if dtype in ('float32', 'float64') else ramp.astype(dtype)
        assert f['main'].dtype == dtype and f['main'].shape == shape, (dtype, f['main'].dtype)
        assert np.array_equal(f['main'][:].view('uint8').ravel(), want.view('uint8')), dtype
        assert list(f['voxel_offset'][:]) == [7, -3, 11] and list(f['voxel_size'][:]) == [40, 8, 4]
        assert f['main'].compression == 'gzip'
print('equal', f.attrs.get('layer_type'))`)
  if (output !== null) assert.match(output, 'equal')
})

test('reads what h5py writes: contiguous, big endian, szip or lzf refused by name, CREMI form', async () => {
  const made = h5py(`
a = (np.arange(5*9*14) * 7919 % 60000).reshape(5, 9, 14)
f = h5py.File('theirs.h5', 'w'); f['main'] = a.astype('uint16'); f['big'] = a.astype('>u4'); f['pages'] = a[0].astype('float32'); f['bool'] = a > 30000
f.attrs['layer_type'] = 'segmentation'; f['global_offset'] = [0, 1, 2, 3]; f.close()
f = h5py.File('lzf.h5', 'w'); f.create_dataset('main', data=a.astype('uint8'), compression='lzf'); f.close()
f = h5py.File('cremi.hdf', 'w'); d = f.create_dataset('volumes/raw', data=a.astype('uint8'), compression='gzip'); d.attrs['resolution'] = [40.0, 4.0, 4.0]; f.close()`)
  if (made === null) return
  const expected = Array.from({ length: 5 * 9 * 14 }, (_, index) => (index * 7919) % 60000)
  const main = await load({ fileName: 'theirs.h5', datasetPath: 'main' })
  assert.equal(Array.from(main.data as Uint16Array), expected)
  assert.equal([main.layerType, main.voxelOffset, main.voxelSize], ['segmentation', [1, 2, 3], [1, 1, 1]])
  assert.equal(
    Array.from((await load({ fileName: 'theirs.h5', datasetPath: 'big' })).data as Uint32Array),
    expected,
  )
  assert.equal((await load({ fileName: 'theirs.h5', datasetPath: 'pages' })).shape, [1, 9, 14])
  assert.is((await load({ fileName: 'theirs.h5', datasetPath: 'bool' })).dtype, 'bool')
  assert.is(await code(load({ fileName: 'lzf.h5' })), 'hdf5-unreadable')
  const cremi = await load({ fileName: 'cremi.hdf', datasetPath: '/volumes/raw' })
  assert.equal([cremi.shape, cremi.voxelSize, cremi.layerType], [[5, 9, 14], [40, 4, 4], 'image'])
})

test('cutouts are global, by option or by the task box, and never outside', async () => {
  await run(
    saveH5,
    { fileName: 'cut.h5' },
    { chunk: rampChunk(ODD_SHAPE, { dtype: 'uint16', ...ODD_PLACEMENT }) },
  )
  const bbox = boxFromSize(zyx(8, 0, 20), zyx(2, 3, 4))
  const byTask = await load({ fileName: 'cut.h5' }, { bbox })
  const byOption = await load(
    { fileName: 'cut.h5', cutoutStart: [8, 0, 20], cutoutSize: [2, 3, 4] },
    { bbox: boxFromSize(zyx(0, 0, 0), zyx(1, 1, 1)) },
  )
  assert.equal(
    [byTask.shape, byTask.voxelOffset, byTask.data[0]],
    [[2, 3, 4], [8, 0, 20], (1 * 9 + 3) * 14 + 9],
  )
  assert.equal(byOption.data, byTask.data)
  assert.equal(
    (await load({ fileName: 'cut.h5', cutoutStart: [8, 0, 20], cutoutSize: [-1, 2, -1] })).shape,
    [4, 2, 5],
  )
  assert.equal(
    (await load({ fileName: 'cut.h5', cutoutStart: [8, 0, 20], cutoutStop: [9, 1, 21] })).shape,
    [1, 1, 1],
  )
  assert.is(
    await code(load({ fileName: 'cut.h5', cutoutStart: [6, 0, 20], cutoutSize: [1, 1, 1] })),
    'chunk-outside',
  )
})

test('channels: one drops the axis, a list and a range keep it', async () => {
  await run(saveH5, { fileName: 'channels.h5' }, { chunk: rampChunk([3, 2, 2, 2], { dtype: 'uint8' }) })
  assert.equal((await load({ fileName: 'channels.h5', channels: '1' })).shape, [2, 2, 2])
  assert.equal(
    [...(await load({ fileName: 'channels.h5', channels: '[2,0]' })).data].filter(
      (_, index) => index % 8 === 0,
    ),
    [16, 0],
  )
  assert.equal((await load({ fileName: 'channels.h5', channels: 'slice(0,2)' })).shape, [2, 2, 2, 2])
  assert.equal(parseChannels('1:').resolve(4), [1, 2, 3])
  assert.equal(parseChannels('-1').resolve(4), [3])
  assert.is(await code(load({ fileName: 'channels.h5', channels: '3' })), 'hdf5-options')
})

test('prefixes: the box names the file; null leaves and reads an empty one', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
  const bbox = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))
  await run(saveH5, { fileName: 'part-' }, { chunk })
  assert.ok(existsSync(file(`part-${formatBox(bbox)}.h5`)))
  const { task } = await run(loadH5, { fileName: 'part-', setBbox: true }, { bbox })
  assert.equal(task.get<Chunk>('chunk').data, chunk.data)
  await run(saveH5, { fileName: 'none-' }, { chunk: null, bbox })
  assert.is(statSync(file(`none-${formatBox(bbox)}.h5`)).size, 0)
  assert.is(await load({ fileName: 'none-' }, { bbox }), null)
  assert.is(await load({ fileName: 'never-' }, { bbox }), null)
  const zeros = await load({ fileName: 'never-', zeroFilling: true, dtype: 'uint16' }, { bbox })
  assert.equal([zeros.shape, zeros.dtype], [[5, 9, 14], 'uint16'])
})

test('remove-empty deletes the file that was read', async () => {
  await run(saveH5, { fileName: 'zeros.h5' }, { chunk: createChunk(new Uint8Array(8), [2, 2, 2]) })
  await run(loadH5, { fileName: 'zeros.h5', removeEmpty: true })
  assert.not.ok(existsSync(file('zeros.h5')))
})

test('a dry run writes nothing; failures leave nothing', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
  const before = readdirSync(folder.path)
  const { messages } = await run(saveH5, { fileName: 'dry.h5' }, { chunk }, { dryRun: true })
  assert.match(messages.info[0]!, 'dry.h5')
  assert.is(await code(run(saveH5, { fileName: 'x.h5', compression: 'lzf' }, { chunk })), 'hdf5-options')
  assert.equal(readdirSync(folder.path), before)
})

test('missing, truncated and foreign files are refused', async () => {
  await run(saveH5, { fileName: 'cut-short.h5' }, { chunk: rampChunk([16, 64, 64], { dtype: 'uint32' }) })
  truncateSync(file('cut-short.h5'), 3000)
  writeFileSync(file('text.h5'), 'not HDF5 at all')
  assert.is(await code(load({ fileName: 'cut-short.h5' })), 'hdf5-unreadable')
  assert.is(await code(load({ fileName: 'text.h5' })), 'hdf5-unreadable')
  assert.is(await code(load({ fileName: 'nowhere.h5' })), 'hdf5-missing')
  assert.is(await code(load({ fileName: 'channels.h5', datasetPath: '/other' })), 'hdf5-dataset')
})

test('the reader describes without reading and reads boxes', async () => {
  const reader = hdf5Reader(files, compute, worker)
  assert.ok(reader.matches('a/b.HDF') && !reader.matches('a.tif'))
  const { shape, dtype, voxelOffset } = await reader.probe('cut.h5')
  assert.equal([shape, dtype, voxelOffset], [[5, 9, 14], 'uint16', [7, -3, 11]])
  assert.equal(
    (await reader.read('cut.h5', { box: boxFromSize(zyx(8, 0, 12), zyx(1, 1, 2)) })).shape,
    [1, 1, 2],
  )
})

test('slabs cover a region once, at chunk borders', () => {
  const slabs = [...slabsOf([3, 0, 0], [20, 4, 4], [8, 4, 4], 1, 10 * 16)]
  assert.equal(
    slabs.map(({ start, count, offset }) => [start[0], count[0], offset]),
    [
      [3, 5, 0],
      [8, 8, 80],
      [16, 7, 208],
    ],
  )
})

test.run()
