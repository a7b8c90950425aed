import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type { PlainArray } from '@chunkflow/sdk'
import { boxFromSize, type Chunk, createChunk, DTYPE_NAMES, parseOptions, zyx } from '@chunkflow/sdk'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { npyReader } from '../reader.js'
import { npyFolder } from '../testing/npy.js'
import loadNpy from './load-npy.js'

const test = suite('npy')
const folder = npyFolder()
test.after(() => folder.remove())
const { file, load, python, save } = folder
const bbox = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))

test('every element type comes back as it was, 3-D and 4-D', async () => {
  for (const dtype of DTYPE_NAMES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]]) {
      const chunk = rampChunk(shape, { dtype })
      await save(chunk, { fileName: `${dtype}-${shape.length}.npy` })
      const read = await load<Chunk>({ fileName: `${dtype}-${shape.length}.npy` })
      assert.equal(
        [read.dtype, read.shape, read.voxelOffset, read.voxelSize],
        [dtype, shape, [0, 0, 0], [1, 1, 1]],
      )
      assert.equal(Array.from(read.data as Uint8Array), Array.from(chunk.data as Uint8Array))
      assert.is(read.layerType, chunk.layerType)
    }
})

test('NumPy reads what was written, byte for byte what it writes itself', () => {
  const output = python(`
for dtype in '${DTYPE_NAMES.join(' ')}'.split():
    for shape in ((5, 9, 14), (2, 5, 9, 14)):
        name = f'{dtype}-{len(shape)}.npy'
        ramp = np.arange(np.prod(shape))
        want = ramp / len(ramp) if dtype in ('float32', 'float64') else ramp.astype('u2').view('f2') if dtype == 'float16' else ramp & 1 if dtype == 'bool' else ramp
        read = np.load(name)
        assert read.dtype == dtype and read.tobytes() == want.astype(dtype).tobytes(), name
        np.save('again', read)
        assert open(name, 'rb').read() == open('again.npy', 'rb').read(), name
print('equal')`)
  if (output !== null) assert.is(output, 'equal')
})

test('reads what NumPy writes: orders, byte orders, versions, ids above 2^53', async () => {
  const made = python(`
a = (np.arange(2 * 5 * 9 * 14) * 7919 % 60000).reshape(2, 5, 9, 14)
np.save('fortran', np.asfortranarray(a.astype('u2'))); np.save('fortran3', np.asfortranarray(a[0].astype('>f8')))
for code in '>u2 >u4 >i8 >f4 >f8'.split(): np.save('big' + code[1:], a[0].astype(code))
np.save('half', (a[0] % 2048).astype('>f2'))
np.save('ids', np.array([[[2**53 + 1, 2**64 - 1]]], 'u8'))
for version in (1, 2, 3):
    with open(f'v{version}.npy', 'wb') as f: np.lib.format.write_array(f, a[0].astype('u2'), version=(version, 0))
np.save('section', a[0, 0].astype('u1')); np.save('list', np.arange(4)); np.save('objects', np.array([None]), allow_pickle=True)`)
  if (made === null) return
  const values = Array.from({ length: 2 * 5 * 9 * 14 }, (_, index) => (index * 7919) % 60000)
  const first = values.slice(0, 5 * 9 * 14)
  const numbers = async (name: string) =>
    Array.from((await load<Chunk>({ fileName: `${name}.npy` })).data as Float64Array, Number)
  assert.equal((await load<Chunk>({ fileName: 'fortran.npy' })).shape, [2, 5, 9, 14])
  assert.equal(await numbers('fortran'), values)
  for (const name of ['fortran3', 'bigu2', 'bigu4', 'bigi8', 'bigf4', 'bigf8', 'v1', 'v2', 'v3'])
    assert.equal(await numbers(name), first, name)
  // 1775 = 1024 + 751 is 0 11001 1011101111
  assert.equal((await load<Chunk>({ fileName: 'half.npy' })).data.slice(0, 2), Uint16Array.of(0, 0x66ef))
  assert.equal([...(await load<Chunk>({ fileName: 'ids.npy' })).data], [2n ** 53n + 1n, 2n ** 64n - 1n])
  assert.equal((await load<Chunk>({ fileName: 'section.npy' })).shape, [1, 9, 14])
  assert.match(await refusal(() => load({ fileName: 'list.npy' })), 'give --file-path')
  assert.match(await refusal(() => load({ fileName: 'objects.npy' })), 'npy-unreadable')
})

test('position and voxel size come from the options', async () => {
  const options = { fileName: 'uint16-3.npy', voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] }
  const chunk = await load<Chunk>(options)
  assert.equal([chunk.voxelOffset, chunk.voxelSize], [ODD_PLACEMENT.voxelOffset, ODD_PLACEMENT.voxelSize])
})

test('three columns are points, scaled by a resolution', async () => {
  const points: PlainArray = {
    shape: [2, 3],
    dtype: 'int64',
    data: BigInt64Array.of(1n, 2n, 3n, -4n, 5n, 6n),
  }
  await save(points, { fileName: 'points.npy' })
  const plain = await load<PlainArray>({ fileName: 'points.npy' })
  assert.equal([plain.shape, plain.dtype, [...plain.data]], [[2, 3], 'int64', [1n, 2n, 3n, -4n, 5n, 6n]])
  const scaled = await load<PlainArray>({ fileName: 'points.npy', resolution: [40, 4, 0.5] })
  assert.equal([scaled.dtype, [...scaled.data]], ['float64', [40, 8, 1.5, -160, 20, 3]])
  const byPath = await load<PlainArray>({ filePath: 'uint16-3.npy' }, {}, 'array')
  assert.equal([byPath.shape, byPath.dtype], [[5, 9, 14], 'uint16'])
  const named = await load<PlainArray>({ filePath: 'points.npy', outputName: 'dots' }, {}, 'dots')
  assert.equal(named.shape, [2, 3])
  assert.match(await refusal(() => load({ fileName: 'uint16-3.npy', resolution: [1, 1, 1] })), 'npy-options')
})

test('the plan knows what is an array for certain', async () => {
  const inferred = (given: Record<string, unknown>) =>
    loadNpy.infer!({}, parseOptions(loadNpy, given as never) as never).outputName?.kind
  assert.equal(
    [
      inferred({ fileName: 'a.npy' }),
      inferred({ filePath: 'a.npy' }),
      inferred({ fileName: 'a', resolution: [1, 1, 1] }),
    ],
    ['any', 'array', 'array'],
  )
  assert.match(await refusal(() => inferred({})), 'npy-options')
  assert.match(await refusal(() => inferred({ fileName: 'a.npy', filePath: 'b.npy' })), 'npy-options')
})

test('prefixes and folders are named by the box; null leaves and reads an empty file', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
  await save(chunk, { fileName: 'part-' })
  const again = await load<Chunk>({ fileName: 'part-' }, { bbox })
  assert.equal([again.voxelOffset, again.data], [[7, -3, 11], chunk.data])
  await save(chunk, { fileName: '.' })
  assert.ok(existsSync(file('7-12_-3-6_11-25.npy')))
  await save(null, { fileName: 'none-' }, { bbox })
  assert.is(statSync(file('none-7-12_-3-6_11-25.npy')).size, 0)
  assert.is(await load({ fileName: 'none-' }, { bbox }), null)
  assert.match(
    await refusal(() => load({ fileName: 'never-' }, { bbox })),
    'npy-missing: There is no file never-7-12',
  )
  assert.match(await refusal(() => save(null, { fileName: 'none-' })), 'task-no-bbox')
})

test('truncated, foreign and missing files are refused; a dry run writes nothing', async () => {
  writeFileSync(file('short.npy'), readFileSync(file('uint16-3.npy')))
  truncateSync(file('short.npy'), 1000)
  writeFileSync(file('text.npy'), 'no array at all')
  assert.match(await refusal(() => load({ fileName: 'short.npy' })), 'it has 1000 of 1388 bytes')
  assert.match(await refusal(() => load({ fileName: 'text.npy' })), 'is not an NPY file')
  assert.match(await refusal(() => load({ fileName: 'nowhere.npy' })), 'npy-missing')
  const before = readdirSync(folder.path)
  const chunk = createChunk(new Uint8Array(8), [2, 2, 2])
  const { messages } = await save(chunk, { fileName: 'dry.npy' }, {}, { dryRun: true })
  assert.match(messages.info[0]!, 'would write dry.npy')
  assert.match(await refusal(() => save({ some: 'thing' }, { fileName: 'x.npy' })), 'plan-kind-mismatch')
  assert.equal(readdirSync(folder.path), before)
})

test('the reader describes without reading and reads boxes', async () => {
  const reader = npyReader(folder.files)
  assert.ok(reader.matches('a/b.npy') && !reader.matches('a.npz'))
  assert.equal(await reader.probe('uint16-3.npy'), {
    shape: [5, 9, 14],
    dtype: 'uint16',
    voxelOffset: [0, 0, 0],
    voxelSize: null,
    layerType: 'segmentation',
  })
  const box = boxFromSize(zyx(1, 3, 4), zyx(2, 1, 2))
  const part = await reader.read('uint16-4.npy', { box })
  const at = (c: number, z: number, x: number) => ((c * 5 + z) * 9 + 3) * 14 + x
  assert.equal(
    [part.shape, part.voxelOffset, [...part.data]],
    [[2, 2, 1, 2], [1, 3, 4], [0, 1].flatMap((c) => [1, 2].flatMap((z) => [at(c, z, 4), at(c, z, 5)]))],
  )
  const outside = boxFromSize(zyx(4, 0, 0), zyx(2, 1, 1))
  assert.match(await refusal(() => reader.read('uint16-3.npy', { box: outside })), 'chunk-outside')
})

test.run()
