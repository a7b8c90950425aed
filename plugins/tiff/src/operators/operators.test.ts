import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type AnyOperator, type Chunk, createChunk, type Dtype, isChunkflowError } from '@chunkflow/sdk'
import {
  ODD_PLACEMENT,
  ODD_SHAPE,
  rampChunk,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readTiff } from '../read-tiff.js'
import { tiffReader } from '../reader.js'
import { packBits } from '../write-tiff.js'
import loadTif from './load-tif.js'
import saveTif from './save-tif.js'

const test = suite('tiff')
const folder = temporaryFolder()
test.after(() => folder.remove())
const files = testFiles(folder.path)
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
  dryRun = false,
) => runOperator(definition, { options: options as never, variables, services: { files }, dryRun })
const load = async (options: Record<string, unknown>): Promise<Chunk> =>
  (await run(loadTif, options)).task.get<Chunk>('chunk')
const code = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action
  } catch (error) {
    return isChunkflowError(error) ? error.code : String((error as Error).stack)
  }
  return 'none'
}
const tifffile = (program: string): string | null => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import tifffile, numpy'], { stdio: 'ignore' })
  } catch {
    console.log('skipped: needs python3-tifffile')
    return null
  }
  return execFileSync('/usr/bin/python3', ['-c', `import tifffile, numpy as np\n${program}`], {
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
  'float16',
  'float32',
  'float64',
]

test('round trip: every dtype, 3-D and 4-D, every compression, BigTIFF', async () => {
  for (const dtype of DTYPES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]])
      for (const form of [
        { compression: 'zlib' },
        { compression: '' },
        { compression: 'packints' },
        { bigtiff: true },
      ]) {
        if (form.compression === 'packints' && ['uint64', 'int64', 'float16'].includes(dtype)) continue
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

test('64-bit ids are exact', async () => {
  const ids = [0n, 2n ** 53n + 1n, 2n ** 64n - 1n, 5n]
  await run(saveTif, { fileName: 'ids.tif' }, { chunk: createChunk(BigUint64Array.from(ids), [1, 2, 2]) })
  assert.equal([...(await load({ fileName: 'ids.tif' })).data], ids)
})

test('tifffile reads what is written here, with shape and axes', async () => {
  for (const dtype of DTYPES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]])
      for (const bigtiff of [false, true])
        await run(
          saveTif,
          { fileName: `${dtype}-${shape.length}-${bigtiff}.tif`, bigtiff },
          { chunk: rampChunk(shape, { dtype }) },
        )
  const output = tifffile(`
for dtype in ${JSON.stringify(DTYPES)}:
    for shape in ((5, 9, 14), (2, 5, 9, 14)):
        for big in ('false', 'true'):
            with tifffile.TiffFile(f'{dtype}-{len(shape)}-{big}.tif') as t:
                a = t.asarray()
                assert t.series[0].axes == 'CZYX'[-len(shape):], t.series[0].axes
                assert t.is_bigtiff == (big == 'true')
            ramp = np.arange(np.prod(shape))
            want = (ramp / len(ramp)).astype(dtype) if dtype in ('float32', 'float64') else ramp.astype('uint16').view('float16') if dtype == 'float16' else ramp.astype(dtype)
            assert a.dtype == dtype and a.shape == shape, (dtype, a.dtype, a.shape)
            assert np.array_equal(a.ravel().view('uint8'), want.view('uint8')), dtype
print('equal')`)
  if (output !== null) assert.match(output, 'equal')
})

test('reads what tifffile writes: compression, predictor, tiles, big endian, ImageJ, BigTIFF', async () => {
  const made = tifffile(`
a = (np.arange(5*40*70) * 7919 % 60000).reshape(5, 40, 70)
tifffile.imwrite('plain.tif', a.astype('uint16'))
tifffile.imwrite('zlib.tif', a.astype('uint32'), compression='zlib')
tifffile.imwrite('big.tif', a.astype('>u2'), byteorder='>', bigtiff=True)
tifffile.imwrite('tiles.tif', a.astype('uint16'), tile=(16, 32))
tifffile.imwrite('imagej.tif', a.astype('uint16'), imagej=True)
tifffile.imwrite('u64.tif', a.astype('uint64') + 2**63, compression='zlib')
tifffile.imwrite('u64big.tif', (a.astype('uint64') + 2**63).astype('>u8'), byteorder='>')
tifffile.imwrite('f64.tif', a.astype('float64') / 3)
tifffile.imwrite('page.tif', a[0].astype('uint8'))
tifffile.imwrite('rgb.tif', np.dstack([a[0].astype('uint8')] * 3), photometric='rgb')`)
  if (made === null) return
  const expected = Array.from({ length: 5 * 40 * 70 }, (_, index) => (index * 7919) % 60000)
  for (const name of ['plain', 'zlib', 'big', 'tiles', 'imagej']) {
    const chunk = await load({ fileName: `${name}.tif` })
    assert.equal(chunk.shape, [5, 40, 70], name)
    assert.equal(Array.from(chunk.data as Uint16Array), expected, name)
  }
  for (const name of ['u64', 'u64big'])
    assert.equal((await load({ fileName: `${name}.tif` })).data[11], 2n ** 63n + BigInt(expected[11]!), name)
  assert.is((await load({ fileName: 'f64.tif' })).data[4], expected[4]! / 3)
  assert.equal((await load({ fileName: 'page.tif' })).shape, [1, 40, 70])
  const { messages, task } = await run(loadTif, { fileName: 'rgb.tif' })
  assert.equal(task.get<Chunk>('chunk').shape, [1, 40, 70])
  assert.match(messages.warn[0]!, '3 samples')
})

test('a folder is a volume, a file a section', async () => {
  for (const z of [2, 0, 1])
    await run(
      saveTif,
      { fileName: `stack/s${z}.tif` },
      { chunk: createChunk(new Uint8Array(6).fill(z), [1, 2, 3]) },
    )
  const chunk = await load({ fileName: 'stack' })
  assert.equal(chunk.shape, [3, 2, 3])
  assert.equal([chunk.data[0], chunk.data[6], chunk.data[12]], [0, 1, 2])
  await run(saveTif, { fileName: 'stack/s3.tif' }, { chunk: createChunk(new Uint16Array(6), [1, 2, 3]) })
  assert.is(await code(load({ fileName: 'stack' })), 'tiff-pages')
})

test('maps become grey values only when asked; the box names the file', async () => {
  const chunk = createChunk(new Float32Array([0, 0.5, 0.999, 1]), [1, 2, 2], { voxelOffset: [1, -2, 3] })
  await run(saveTif, { dtype: 'uint8' }, { chunk })
  assert.equal([...(await load({ fileName: '1-2_-2-0_3-5.tif' })).data], [0, 127, 254, 255])
  assert.is(
    (await load({ fileName: '1-2_-2-0_3-5.tif', dtype: 'float64', layerType: 'image' })).layerType,
    'image',
  )
})

test('a dry run writes nothing; bad options and files are refused', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
  const before = readdirSync(folder.path)
  assert.match((await run(saveTif, { fileName: 'dry.tif' }, { chunk }, true)).messages.info[0]!, 'dry.tif')
  assert.is(
    await code(run(saveTif, { fileName: 'x.tif', compression: 'jpeg' }, { chunk })),
    'tiff-unsupported',
  )
  assert.is(await code(load({ fileName: 'nowhere.tif' })), 'tiff-missing')
  assert.equal(readdirSync(folder.path), before)
  writeFileSync(path.join(folder.path, 'text.tif'), 'no TIFF at all, just text')
  assert.is(await code(load({ fileName: 'text.tif' })), 'tiff-unreadable')
  for (const dtype of ['uint8', 'uint64'] as const) {
    await run(
      saveTif,
      { fileName: 'short.tif', compression: '' },
      { chunk: rampChunk([4, 60, 60], { dtype }) },
    )
    truncateSync(path.join(folder.path, 'short.tif'), 9000)
    assert.is(await code(load({ fileName: 'short.tif' })), 'tiff-unreadable', dtype)
  }
  assert.not.ok(existsSync(path.join(folder.path, 'x.tif')))
})

test('the reader describes and reads', async () => {
  await run(saveTif, { fileName: 'reader.tif' }, { chunk: rampChunk(ODD_SHAPE, { dtype: 'uint16' }) })
  const reader = tiffReader(files)
  assert.ok(reader.matches('A.TIFF') && !reader.matches('a.png'))
  assert.equal(
    [(await reader.probe('reader.tif')).shape, (await reader.read('reader.tif')).shape],
    [ODD_SHAPE, ODD_SHAPE].map((shape) => [...shape]),
  )
})

test('PackBits expands to what was packed', async () => {
  const unpack = (packed: Uint8Array): number[] => {
    const out: number[] = []
    for (let index = 0; index < packed.length; ) {
      const head = packed[index++]!
      if (head < 128) {
        out.push(...packed.subarray(index, index + head + 1))
        index += head + 1
      } else out.push(...new Array<number>(257 - head).fill(packed[index++]!))
    }
    return out
  }
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 600 }),
      (bytes) => JSON.stringify(unpack(packBits(Uint8Array.from(bytes)))) === JSON.stringify(bytes),
    ),
  )
  assert.ok((await readTiff(path.join(folder.path, 'reader.tif'), () => {})).data.length > 0)
})

test.run()
