import { execFileSync } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type AnyOperator,
  boxFromSize,
  type Chunk,
  createChunk,
  DTYPE_NAMES,
  isChunkflowError,
  zyx,
} from '@chunkflow/sdk'
import {
  ODD_PLACEMENT,
  ODD_SHAPE,
  rampChunk,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { npyReader } from '../reader.js'
import loadNpy from './load-npy.js'
import saveNpy from './save-npy.js'

const test = suite('npy')
const folder = temporaryFolder()
test.after(() => folder.remove())
const files = testFiles(folder.path)
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
) => runOperator(definition, { options: options as never, variables, services: { files } })
const load = async <T = Chunk>(options: Record<string, unknown>, variables = {}): Promise<T> =>
  (await run(loadNpy, options, variables)).task.get<T>('chunk')
const code = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action
  } catch (error) {
    return isChunkflowError(error) ? error.code : String(error)
  }
  return 'none'
}
const numpy = (program: string): string | null => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import numpy'], { stdio: 'ignore' })
  } catch {
    console.log('skipped: needs python3-numpy')
    return null
  }
  return execFileSync('/usr/bin/python3', ['-c', `import numpy as np\n${program}`], {
    encoding: 'utf8',
    cwd: folder.path,
  })
}

test('round trip of every dtype, and NumPy reads it', async () => {
  for (const dtype of DTYPE_NAMES)
    for (const shape of [ODD_SHAPE, [2, ...ODD_SHAPE]]) {
      const chunk = rampChunk(shape, { dtype, ...ODD_PLACEMENT })
      await run(saveNpy, { fileName: `${dtype}-${shape.length}.npy` }, { chunk })
      const read = await load({
        fileName: `${dtype}-${shape.length}.npy`,
        voxelOffset: [7, -3, 11],
        voxelSize: [40, 8, 4],
      })
      assert.equal(
        [read.dtype, read.shape, read.voxelOffset, read.voxelSize],
        [dtype, chunk.shape, chunk.voxelOffset, chunk.voxelSize],
      )
      assert.equal(read.data, chunk.data)
    }
  const output = numpy(`
for dtype in ${JSON.stringify(DTYPE_NAMES)}:
    for shape in ((5, 9, 14), (2, 5, 9, 14)):
        a = np.load(f'{dtype}-{len(shape)}.npy')
        ramp = np.arange(np.prod(shape))
        want = (ramp / len(ramp)).astype(dtype) if dtype in ('float32', 'float64') else ramp.astype('u2').view('f2') if dtype == 'float16' else (ramp & 1).astype(dtype) if dtype == 'bool' else ramp.astype(dtype)
        assert a.dtype == dtype and a.shape == shape and np.array_equal(a.ravel().view('u1'), want.view('u1')), dtype
print('equal')`)
  if (output !== null) assert.match(output, 'equal')
})

test('reads what NumPy writes: Fortran order, big endian, 64-bit ids, later versions', async () => {
  const made = numpy(`
a = (np.arange(5*9*14) * 7919 % 60000).reshape(5, 9, 14)
np.save('f.npy', np.asfortranarray(a.astype('u2')))
np.save('big.npy', a.astype('>u4'))
np.save('ids.npy', a.astype('u8') + 2**63)
np.save('section.npy', a[0].astype('f4'))
np.lib.format.write_array(open('v3.npy', 'wb'), a.astype('i8'), version=(3, 0))
np.save('text.npy', np.array(['a']))`)
  if (made === null) return
  const expected = Array.from({ length: 630 }, (_, index) => (index * 7919) % 60000)
  for (const name of ['f', 'big', 'v3'])
    assert.equal(
      Array.from((await load({ fileName: `${name}.npy` })).data as Uint32Array, Number),
      expected,
      name,
    )
  assert.is((await load({ fileName: 'ids.npy' })).data[11], 2n ** 63n + BigInt(expected[11]!))
  assert.equal((await load({ fileName: 'section.npy' })).shape, [1, 9, 14])
  assert.is(await code(load({ fileName: 'text.npy' })), 'npy-unreadable')
})

test('points are scaled; empty files are null; boxes name files', async () => {
  await run(
    saveNpy,
    { fileName: 'p-' },
    { chunk: createChunk(new Float32Array([1, 2, 3, 4]), [1, 2, 2], { voxelOffset: [5, 0, 0] }) },
  )
  assert.equal(
    (await load({ fileName: 'p-' }, { bbox: boxFromSize(zyx(5, 0, 0), zyx(1, 2, 2)) })).shape,
    [1, 2, 2],
  )
  writeFileSync(path.join(folder.path, 'none.npy'), '')
  assert.is(await load({ fileName: 'none.npy' }), null)
  if (numpy(`np.save('points.npy', np.array([[1, 2, 3], [4, 5, 6]]))`) === null) return
  const points = await load<{ values: Float64Array; shape: number[] }>({
    fileName: 'points.npy',
    resolution: [40, 4, 8],
  })
  assert.equal(
    [[...points.values], points.shape],
    [
      [40, 8, 24, 160, 20, 48],
      [2, 3],
    ],
  )
})

test('missing, truncated and foreign files are refused', async () => {
  await run(saveNpy, { fileName: 'cut.npy' }, { chunk: rampChunk(ODD_SHAPE, { dtype: 'uint32' }) })
  truncateSync(path.join(folder.path, 'cut.npy'), 1000)
  writeFileSync(path.join(folder.path, 'foreign.npy'), 'no array at all')
  assert.equal(
    [
      await code(load({ fileName: 'cut.npy' })),
      await code(load({ fileName: 'foreign.npy' })),
      await code(load({ fileName: 'nowhere.npy' })),
    ],
    ['npy-unreadable', 'npy-unreadable', 'npy-missing'],
  )
  assert.is(await code(load({ fileName: 'prefix' })), 'task-no-bbox')
})

test('the reader describes and reads', async () => {
  const reader = npyReader(files)
  assert.ok(reader.matches('a.npy'))
  assert.equal((await reader.probe('uint8-3.npy')).shape, [5, 9, 14])
  assert.equal(
    (await reader.read('uint8-3.npy', { box: boxFromSize(zyx(1, 1, 1), zyx(1, 2, 3)) })).shape,
    [1, 2, 3],
  )
})

test.run()
