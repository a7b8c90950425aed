import { refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatHeader, locateHeader, parseHeader } from './npy-header.js'

const test = suite('npy header')
const parsed = (text: string) => parseHeader(text, 128, 'a.npy')

test('what NumPy writes', () => {
  assert.equal(parsed("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"), {
    dtype: 'float32',
    bigEndian: false,
    fortranOrder: false,
    shape: [3, 4],
    dataStart: 128,
  })
  const other = parsed('{"shape": (7L,), "fortran_order": True, "descr": ">u8"}')
  assert.equal([other.dtype, other.bigEndian, other.fortranOrder, other.shape], ['uint64', true, true, [7]])
  assert.equal(
    ['|b1', '|i1', '|u1', '<f2', '<i8'].map(
      (code) => parsed(`{'descr': '${code}', 'fortran_order': False, 'shape': ()}`).dtype,
    ),
    ['bool', 'int8', 'uint8', 'float16', 'int64'],
  )
})

test('versions', async () => {
  const prefix = (version: number) =>
    Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0\x76\x00\x01\x00`, 'latin1')
  assert.equal(locateHeader(prefix(1), 'a.npy'), { start: 10, length: 118 })
  assert.equal(locateHeader(prefix(2), 'a.npy'), { start: 12, length: 65536 + 118 })
  assert.match(await refusal(() => locateHeader(prefix(9), 'a.npy')), 'version 9')
  assert.match(
    await refusal(() => locateHeader(Buffer.from('not NPY at all'), 'a.npy')),
    'is not an NPY file',
  )
})

test('what is no number is refused by name', async () => {
  const refused = (descr: string) =>
    refusal(() => parsed(`{'descr': ${descr}, 'fortran_order': False, 'shape': (3,), }`))
  assert.match(await refused("'|O'"), 'Python objects')
  assert.match(await refused("'<U5'"), 'texts')
  assert.match(await refused("'<c8'"), 'complex numbers')
  assert.match(await refused("'<M8[ns]'"), 'times')
  assert.match(await refused("[('a', '<f4'), ('b', '<i4')]"), 'a structured type')
  assert.match(await refusal(() => parsed('{}')), 'npy-unreadable')
})

test('headers end at a multiple of 64 bytes', () => {
  const header = formatHeader('float16', [2, 5, 9, 14])
  assert.is(header.length % 64, 0)
  const { start, length } = locateHeader(header, 'a.npy')
  const text = header.subarray(start, start + length).toString()
  assert.equal(parsed(text).shape, [2, 5, 9, 14])
  assert.is(text.at(-1), '\n')
})

test.run()
