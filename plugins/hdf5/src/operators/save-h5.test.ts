import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import {
  boxFromSize,
  type Chunk,
  createChunk,
  type Dtype,
  NUMERIC_DTYPES,
  parseOptions,
  type Synapses,
  zyx,
} from '@chunkflow/sdk'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { h5Folder } from '../testing/h5.js'
import saveH5 from './save-h5.js'

const test = suite('save-h5')
const folder = h5Folder()
test.after(() => folder.remove())
const { file, python, read, save } = folder

const same = (read: Chunk, chunk: Chunk): void => {
  assert.equal(
    [read.dtype, read.shape, read.voxelOffset, read.voxelSize],
    [chunk.dtype, chunk.shape, chunk.voxelOffset, chunk.voxelSize],
  )
  assert.equal(Array.from(read.data as Uint8Array), Array.from(chunk.data as Uint8Array))
  assert.is(read.layerType, chunk.layerType)
}
const inPlan = (given: Record<string, unknown>, dtype?: Dtype) => () =>
  saveH5.infer!(
    { inputName: { kind: 'chunk', ...(dtype === undefined ? {} : { dtype }) } },
    parseOptions(saveH5, { fileName: 'a.h5', ...given } as never) as never,
  )

test('every element type comes back as it was, 3-D and 4-D', async () => {
  for (const dtype of NUMERIC_DTYPES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]]) {
      const chunk = rampChunk(shape, { dtype, ...ODD_PLACEMENT })
      await save(chunk, { fileName: `${dtype}-${shape.length}.h5`, chunkSize: [2, 9, 5] })
      same(await read({ fileName: `${dtype}-${shape.length}.h5` }), chunk)
    }
})

test('h5py reads what was written: arrays, position, layer type, ids', () => {
  const output = python(`
for dtype in '${NUMERIC_DTYPES.join(' ')}'.split():
    for shape in ((5, 9, 14), (2, 5, 9, 14)):
        f = h5py.File(f'{dtype}-{len(shape)}.h5', 'r')
        ramp = np.arange(np.prod(shape))
        want = (ramp / len(ramp)).astype(dtype) if dtype in ('float32', 'float64') else ramp.astype('u2').view('f2') if dtype == 'float16' else ramp.astype(dtype)
        main = f['main']
        assert main.dtype == dtype and main.shape == shape, (dtype, main.dtype, main.shape)
        assert main[:].tobytes() == want.tobytes(), dtype
        assert main.compression == 'gzip' and main.compression_opts == 4
        assert main.chunks == (1,) * (len(shape) - 3) + (2, 9, 5)
        assert list(f['voxel_offset'][:]) == [7, -3, 11] and f['voxel_offset'].dtype == 'i8'
        assert list(f['voxel_size'][:]) == [40, 8, 4]
        assert isinstance(f.attrs['layer_type'], str)
        labels = dtype not in ('uint8', 'float16', 'float32', 'float64') and len(shape) == 3
        assert ('unique_nonzeros' in f) == labels, dtype
        if labels:
            ids = np.unique(want)
            assert f['unique_nonzeros'].dtype == dtype and np.array_equal(f['unique_nonzeros'][:], ids[ids != 0]), dtype
print(h5py.File('uint8-3.h5').attrs['layer_type'], h5py.File('int16-3.h5').attrs['layer_type'], h5py.File('float32-4.h5').attrs['layer_type'])`)
  if (output !== null) assert.is(output, 'image segmentation probability_map')
})

test('the float16 type is the one that h5py writes', () => {
  const output = python(`
theirs = h5py.File('theirs.h5', 'w'); theirs['main'] = np.zeros((2, 3), 'f2')
print(h5py.File('float16-3.h5')['main'].id.get_type().equal(theirs['main'].id.get_type()))`)
  if (output !== null) assert.is(output, 'True')
})

test('64-bit ids are exact, and listed', async () => {
  const ids = [0n, 2n ** 53n + 1n, 2n ** 64n - 1n, 5n, 5n, 0n]
  await save(createChunk(BigUint64Array.from(ids), [1, 2, 3]), { fileName: 'ids.h5' })
  assert.equal([...(await read({ fileName: 'ids.h5' })).data], ids)
  await save(createChunk(BigInt64Array.of(-5n, 0n, 2n ** 62n, -5n), [1, 2, 2]), { fileName: 'signed.h5' })
  await save(createChunk(new Uint32Array(8), [2, 2, 2]), { fileName: 'none.h5' })
  const listed = python(`
for name in ('ids', 'signed', 'none'): print(*h5py.File(name + '.h5')['unique_nonzeros'][:])`)
  if (listed !== null) assert.is(listed, `5 ${2n ** 53n + 1n} ${2n ** 64n - 1n}\n-5 ${2n ** 62n}`)
})

test('the same chunk gives the same file, whatever the time', async () => {
  const { now } = Date
  try {
    for (const [index, dtype] of (['uint32', 'float16', 'uint32', 'float16'] as const).entries()) {
      Date.now = () => 1e12 + index * 1e6
      await save(rampChunk(ODD_SHAPE, { dtype, ...ODD_PLACEMENT, layerType: 'segmentation' }), {
        fileName: `time-${index}.h5`,
      })
    }
  } finally {
    Date.now = now
  }
  assert.equal(readFileSync(file('time-0.h5')), readFileSync(file('time-2.h5')))
  assert.equal(readFileSync(file('time-1.h5')), readFileSync(file('time-3.h5')))
})

test('booleans are stored as uint8, and a conversion comes first', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'bool', ...ODD_PLACEMENT })
  await save(chunk, { fileName: 'bool.h5' })
  const stored = await read({ fileName: 'bool.h5' })
  assert.equal([stored.dtype, stored.layerType, stored.data], ['uint8', 'segmentation', chunk.data])
  await save(chunk, { fileName: 'float.h5', dtype: 'float16' })
  assert.equal((await read({ fileName: 'float.h5' })).data.slice(0, 2), Uint16Array.of(0, 0x3c00))
})

test('szip, which h5py reads; other filters are refused before anything runs', async () => {
  for (const dtype of ['uint8', 'int16', 'float32', 'uint64'] as const) {
    const chunk = rampChunk([2, ...ODD_SHAPE], { dtype, ...ODD_PLACEMENT })
    await save(chunk, { fileName: `szip-${dtype}.h5`, compression: 'szip' })
    same(await read({ fileName: `szip-${dtype}.h5` }), chunk)
  }
  const output = python(`
main = h5py.File('szip-uint64.h5')['main']
print(main.compression, (main[:].ravel() == np.arange(2 * 5 * 9 * 14)).all())`)
  if (output !== null) assert.is(output, 'szip True')
  assert.is(await refusal(inPlan({ compression: 'szip' }, 'uint8')), 'accepted')
  assert.match(await refusal(inPlan({ compression: 'lzf' })), /hdf5-options: .*lzf.*use --compression gzip/)
  assert.match(await refusal(inPlan({ compression: 'szip' }, 'float16')), 'hdf5-options')
  const voxel = createChunk(Uint8Array.of(1), [1, 1, 1])
  assert.match(await refusal(() => save(voxel, { fileName: 'x.h5', compression: 'szip' })), 'hdf5-options')
})

test('without an offset, with another voxel size', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
  await save(chunk, { fileName: 'bare.h5', withOffset: false, voxelSize: [30, 6.5, 6.5] })
  const bare = await read({ fileName: 'bare.h5' })
  assert.equal(
    [bare.voxelOffset, bare.voxelSize],
    [
      [0, 0, 0],
      [30, 6.5, 6.5],
    ],
  )
})

test('empty chunks and single voxels', async () => {
  for (const shape of [
    [0, 4, 4],
    [1, 1, 1],
  ]) {
    const chunk = rampChunk(shape, { dtype: 'uint16' })
    await save(chunk, { fileName: 'small.h5' })
    assert.equal((await read({ fileName: 'small.h5' })).data, chunk.data)
  }
})

test('prefixes and folders get the box of each chunk; null leaves an empty file', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
  await save(chunk, { fileName: 'part-' })
  assert.ok(existsSync(file('part-7-12_-3-6_11-25.h5')))
  await save(chunk, { fileName: '.' })
  assert.ok(existsSync(file('7-12_-3-6_11-25.h5')))
  const bbox = boxFromSize(zyx(0, 0, 0), zyx(1, 2, 3))
  await save(null, { fileName: 'none-' }, { bbox })
  assert.is(statSync(file('none-0-1_0-2_0-3.h5')).size, 0)
  await save(null, { fileName: 'untouched-', touch: false }, { bbox })
  assert.not.ok(existsSync(file('untouched-0-1_0-2_0-3.h5')))
  assert.match(await refusal(() => save(null, { fileName: 'none-' })), 'task-no-bbox')
})

test('synapses are saved as tables, named by the box of the task', async () => {
  const synapses: Synapses = {
    pre: { shape: [2, 3], dtype: 'int32', data: new Int32Array([7, -3, 11, 8, -2, 12]) },
    post: { shape: [1, 4], dtype: 'int32', data: new Int32Array([1, 8, -1, 14]) },
    resolution: zyx(40, 8, 4),
    preConfidence: new Float32Array([0.5, 1]),
  }
  const bbox = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))
  await save(synapses, { fileName: 'syns-' }, { bbox })
  const { datasets } = await folder.tables.read('syns-7-12_-3-6_11-25.h5')
  assert.equal(Object.keys(datasets).sort(), ['post', 'pre', 'pre_confidence', 'resolution'])
  assert.equal([...(datasets.pre!.data as Int32Array)], [7, -3, 11, 8, -2, 12])
  assert.equal([...(datasets.resolution!.data as Float64Array)], [40, 8, 4])
})

test('a dry run and a failure leave the folder as it was', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
  const before = readdirSync(folder.path)
  const { messages } = await save(chunk, { fileName: 'dry.h5' }, {}, { dryRun: true })
  assert.match(messages.info[0]!, 'would write dry.h5')
  // the file has been begun when the voxels turn out to be none
  const noVoxels = { ...chunk, data: { length: chunk.data.length } as never }
  const error: unknown = await save(noVoxels, { fileName: 'part.h5' }).catch((reason: unknown) => reason)
  assert.instance(error, TypeError)
  assert.equal(readdirSync(folder.path), before)
})

test.run()
