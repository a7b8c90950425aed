import { readFileSync, writeFileSync } from 'node:fs'
import { HDF5, type Hdf5Table } from '@chunkflow/sdk'
import { codeOf } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hdf5Tables } from './tables.js'
import { h5Folder } from './testing/h5.js'

const test = suite('tables')
const folder = h5Folder()
const tables = hdf5Tables(folder.files, folder.compute, folder.entry)
test.after(async () => {
  await tables.dispose()
  folder.remove()
})

const TABLE: Hdf5Table = {
  datasets: {
    rows: { shape: [2, 3], dtype: 'int32', data: new Int32Array([1, -2, 3, 4, 5, -(2 ** 31)]) },
    ids: { shape: [2], dtype: 'uint64', data: new BigUint64Array([2n ** 64n - 1n, 2n ** 53n + 1n]) },
    none: { shape: [0, 4], dtype: 'int32', data: new Int32Array(0) },
    ratio: { shape: [1], dtype: 'float32', data: new Float32Array([0.75]) },
  },
  attributes: { users: 'Ada;Grace Brewster' },
}

test('come back as they were written, in the same bytes each time', async () => {
  await tables.write('a.h5', TABLE)
  await tables.write('b.h5', TABLE)
  const { datasets, attributes } = await tables.read('a.h5')
  assert.equal(attributes, TABLE.attributes)
  assert.equal(Object.keys(datasets), ['ids', 'none', 'ratio', 'rows'])
  for (const [name, { shape, dtype, data }] of Object.entries(TABLE.datasets)) {
    assert.equal([datasets[name]!.shape, datasets[name]!.dtype], [shape, dtype])
    assert.equal(Array.from(datasets[name]!.data, String), Array.from(data, String))
  }
  assert.equal(readFileSync(folder.file('a.h5')), readFileSync(folder.file('b.h5')))
})

test('h5py reads them', async () => {
  await tables.write('a.h5', TABLE)
  const seen = folder.python(`
with h5py.File('a.h5') as f:
  print([(name, f[name].dtype.str, f[name].shape, f[name][()].tolist()) for name in sorted(f)], dict(f.attrs))`)
  if (seen === null) return
  assert.is(
    seen,
    "[('ids', '<u8', (2,), [18446744073709551615, 9007199254740993]), ('none', '<i4', (0, 4), []), ('ratio', '<f4', (1,), [0.75]), ('rows', '<i4', (2, 3), [[1, -2, 3], [4, 5, -2147483648]])] {'users': 'Ada;Grace Brewster'}",
  )
})

test("h5py's are read; groups and texts are left out", async () => {
  const made = folder.python(`
with h5py.File('made.h5', 'w') as f:
  f['big'] = np.arange(6, dtype='>i8').reshape(2, 3)
  f.create_dataset('packed', data=np.arange(4, dtype='float64') / 4, chunks=(2,), compression='gzip')
  f['scalar'] = np.uint16(7)
  f['text'] = 'no number'
  f.create_group('group')
  f.attrs['users'] = 'Ada'
  f.attrs['fixed'] = np.bytes_('Grace')
  f.attrs['number'] = 5`)
  if (made === null) return
  const { datasets, attributes } = await tables.read('made.h5')
  assert.equal(attributes, { fixed: 'Grace', users: 'Ada' })
  assert.equal(
    Object.entries(datasets).map(([name, { shape, data }]) => [name, shape, Array.from(data, Number)]),
    [
      ['big', [2, 3], [0, 1, 2, 3, 4, 5]],
      ['packed', [4], [0, 0.25, 0.5, 0.75]],
      ['scalar', [], [7]],
    ],
  )
})

test('what cannot be is refused', async () => {
  assert.is(await codeOf(tables.read('nothing.h5')), 'hdf5-missing')
  writeFileSync(folder.file('text.h5'), 'no HDF5')
  assert.is(await codeOf(tables.read('text.h5')), 'hdf5-unreadable')
  const half = { shape: [1], dtype: 'float16', data: new Uint16Array(1) } as const
  assert.is(await codeOf(tables.write('half.h5', { datasets: { half }, attributes: {} })), 'hdf5-options')
  assert.is(await folder.files.status('half.h5'), null)
  const dry = HDF5.readOnly!(tables)
  assert.is(await codeOf(async () => dry.write('dry.h5', TABLE)), 'dry-run-refused')
})

test.run()
