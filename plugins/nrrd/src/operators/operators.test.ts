import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type Chunk, createChunk, DTYPE_NAMES } from '@chunkflow/sdk'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nrrdFolder } from '../testing/nrrd.js'

const test = suite('nrrd operators')
const folder = nrrdFolder()
const { file, load, python, save, unu } = folder
test.after(() => folder.remove())
const STORED = DTYPE_NAMES.filter((dtype) => dtype !== 'bool' && dtype !== 'float16')
const values = (chunk: Chunk): unknown[] => [...(chunk.data as Uint8Array)]

test('every element type comes back as it was, 3-D and 4-D, in both encodings and both orders', async () => {
  for (const dtype of STORED)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]])
      for (const axisOrder of ['xyz', 'zyx'])
        for (const encoding of ['raw', 'gzip']) {
          const chunk = rampChunk(shape, { dtype, ...ODD_PLACEMENT })
          const fileName = `${dtype}-${shape.length}-${axisOrder}-${encoding}.nrrd`
          await save(chunk, { fileName, axisOrder, encoding })
          const read = await load<Chunk>(fileName)
          assert.equal(
            [read.dtype, read.shape, read.voxelOffset, read.voxelSize],
            [dtype, shape, [0, 0, 0], null],
          )
          assert.equal(values(read), values(chunk), fileName)
          const placed = await load<Chunk>(fileName, { headerGeometry: true })
          assert.equal(
            [placed.voxelOffset, placed.voxelSize],
            [
              [7, -3, 11],
              [40, 8, 4],
            ],
          )
        }
})

test('ids above 2^53, fractions of a nanometre, unknown voxel sizes', async () => {
  const ids = createChunk(BigUint64Array.of(2n ** 53n + 1n, 2n ** 64n - 1n), [1, 1, 2], {
    voxelOffset: [1_000_003, -7, 33_333_331],
    voxelSize: [33.1, 0.2, 1 / 3],
  })
  await save(ids, { fileName: 'ids.nrrd' })
  const read = await load<Chunk>('ids.nrrd', { headerGeometry: true })
  assert.equal([...read.data], [2n ** 53n + 1n, 2n ** 64n - 1n])
  assert.equal(read.voxelOffset, [1_000_003, -7, 33_333_331])
  read.voxelSize!.forEach((size, axis) => {
    assert.ok(Math.abs(size / ids.voxelSize![axis]! - 1) < 1e-11)
  })
  await save(createChunk(new Uint8Array(1), [1, 1, 1], { voxelOffset: [5, 6, 7] }), { fileName: 'bare.nrrd' })
  const bare = await load<Chunk>('bare.nrrd', { headerGeometry: true })
  assert.equal([bare.voxelOffset, bare.voxelSize], [[5, 6, 7], null])
})

test('numpy reads what was written: x is the fastest axis, or z', () => {
  const output = python(`
for dtype in '${STORED.join(' ')}'.split():
    for shape in ((5, 9, 14), (2, 5, 9, 14)):
        ramp = np.arange(np.prod(shape)).reshape(shape)
        want = (ramp / ramp.size if dtype.startswith('float') else ramp).astype(dtype)
        for order in ('xyz', 'zyx'):
            for encoding in ('raw', 'gzip'):
                read, fields = read_nrrd(f'{dtype}-{len(shape)}-{order}-{encoding}.nrrd')
                # the reader's first axis is the fastest one
                assert np.array_equal(read, want.T if order == 'xyz' else want) and read.dtype == dtype, fields
read, fields = read_nrrd('uint8-4-xyz-raw.nrrd')
print(fields['sizes'], fields['space directions'], fields['space origin'], fields['space units'], fields['kinds'])`)
  if (output !== null)
    assert.is(
      output,
      '14 9 5 2 (4,0,0) (0,8,0) (0,0,40) none (44,-24,280) "nm" "nm" "nm" domain domain domain list',
    )
})

test("teem's own command agrees on voxels and geometry", () => {
  // x 3, y 2 (of 14 × 9) of the second section: 126 + 2 · 14 + 3
  const place = ['-min', '3', '2', '1', '-max', '3', '2', '1']
  if (unu('crop', ...place, '-i', 'uint16-3-xyz-gzip.nrrd', '-o', 'one.nrrd') === null) return
  unu('save', '-f', 'nrrd', '-e', 'ascii', '-i', 'one.nrrd', '-o', 'one.nrrd')
  assert.match(readFileSync(file('one.nrrd'), 'utf8'), /\n\n157\s*$/)
  const head = unu('head', 'float32-4-zyx-gzip.nrrd') ?? ''
  assert.match(head, 'sizes: 2 5 9 14')
  assert.match(head, 'space directions: none (0,0,40) (0,8,0) (4,0,0)')
  const sane = unu('minmax', 'uint64-3-xyz-raw.nrrd') ?? ''
  assert.match(sane, /min: 0\s+max: 629/)
})

test('reads what teem writes, in every encoding it has', async () => {
  const source = rampChunk([4, 3, 5], { dtype: 'int16' })
  source.data[7] = -32_768
  await save(source, { fileName: 'source.nrrd' })
  for (const [encoding, ...more] of [
    ['raw', '-en', 'big'],
    ['gzip', '-en', 'little'],
    ['gzip', '-en', 'big'],
    ['hex', '-en', 'big'],
    ['hex', '-en', 'little'],
    ['ascii'],
  ]) {
    for (const name of [
      `teem-${encoding}-${more[1] ?? 'text'}.nrrd`,
      `teem-${encoding}-${more[1] ?? 'text'}.nhdr`,
    ]) {
      const made = unu('save', '-f', 'nrrd', '-e', encoding!, ...more, '-i', 'source.nrrd', '-o', name)
      if (made === null) return
      const read = await load<Chunk>(name, { headerGeometry: true })
      assert.equal([read.dtype, read.shape, values(read)], ['int16', [4, 3, 5], values(source)], name)
    }
  }
  unu('convert', '-t', 'double', '-i', 'source.nrrd', '-o', 'wide.nrrd')
  unu('2op', '/', 'wide.nrrd', '7', '-o', 'sevenths.nrrd')
  unu('save', '-f', 'nrrd', '-e', 'ascii', '-i', 'sevenths.nrrd', '-o', 'sevenths-text.nrrd')
  const [binary, text] = [await load<Chunk>('sevenths.nrrd'), await load<Chunk>('sevenths-text.nrrd')]
  assert.is(binary.data[8], 8 / 7)
  assert.ok(
    values(text).every((value, index) => Math.abs((value as number) - (binary.data[index] as number)) < 1e-3),
  )
})

test('options beat the header; element types are converted', async () => {
  const read = await load<Chunk>('uint16-3-xyz-gzip.nrrd', {
    headerGeometry: true,
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

test('bool and half floats are stored wider, without loss', async () => {
  const bools = createChunk(Uint8Array.of(0, 1, 1), [1, 1, 3], { dtype: 'bool' })
  const { messages } = await save(bools, { fileName: 'bools.nrrd' })
  assert.equal(messages.info, ['NRRD has no bool: bools.nrrd holds uint8'])
  const read = await load<Chunk>('bools.nrrd')
  assert.equal([read.dtype, values(read)], ['uint8', [0, 1, 1]])
  // 0x3555 is 0.333251953125 in half precision
  await save(createChunk(Uint16Array.of(0x3555), [1, 1, 1], { dtype: 'float16' }), { fileName: 'half.nrrd' })
  assert.is((await load<Chunk>('half.nrrd')).data[0], 0.333251953125)
})

test('names: the box, a folder, a prefix; a single channel is dropped', async () => {
  const chunk = rampChunk([1, ...ODD_SHAPE], { dtype: 'uint8', ...ODD_PLACEMENT })
  await save(chunk)
  await save(chunk, { fileName: 'sub/' })
  await save(chunk, { fileName: 'part' })
  for (const name of ['7-12_-3-6_11-25.nrrd', 'sub/7-12_-3-6_11-25.nrrd', 'part_7-12_-3-6_11-25.nrrd'])
    assert.equal((await load<Chunk>(name)).shape, ODD_SHAPE)
  await save(chunk, { fileName: 'sub' })
  assert.not.ok(existsSync(file('sub_7-12_-3-6_11-25.nrrd')))
  assert.match(await refusal(() => save(chunk, { fileName: 'a.nhdr' })), 'nrrd-options')
  const before = readdirSync(folder.path)
  const { messages } = await save(chunk, { fileName: 'dry' }, { dryRun: true })
  assert.equal(messages.info, ['dry run: would write dry_7-12_-3-6_11-25.nrrd'])
  assert.equal(readdirSync(folder.path), before)
})

test('files are the same every time', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint32' })
  await save(chunk, { fileName: 'one.nrrd' })
  await save(chunk, { fileName: 'two.nrrd' })
  assert.equal(readFileSync(file('one.nrrd')), readFileSync(file('two.nrrd')))
})

test('an empty chunk is refused before a file is begun, also in a dry run', async () => {
  const empty = createChunk(new Uint8Array(0), [0, 1, 1])
  for (const dryRun of [true, false])
    assert.match(await refusal(() => save(empty, { fileName: 'no.nrrd' }, { dryRun })), 'nrrd-options')
  assert.not(existsSync(file('no.nrrd')))
})

test.run()
