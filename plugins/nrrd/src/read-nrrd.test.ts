import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { boxFromSize, type Chunk, zyx } from '@chunkflow/sdk'
import { ODD_SHAPE, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nrrdReader } from './reader.js'
import { nrrdFolder } from './testing/nrrd.js'

const test = suite('read nrrd')
const folder = nrrdFolder()
const { file, load, save, write } = folder
const reader = nrrdReader(folder.files)
test.after(() => folder.remove())

/** 2 × 2 × 3 bytes, x fastest. */
const BYTES = Uint8Array.from({ length: 12 }, (_, index) => 10 + index)
const HEAD = ['NRRD0001', 'type: uchar', 'dimension: 3', 'sizes: 3 2 2']
const values = (chunk: Chunk): unknown[] => [...(chunk.data as Uint8Array)]

test('hand-written headers: versions, comments, pairs, case, Windows line ends', async () => {
  for (const magic of ['NRRD00.01', 'NRRD0002', 'NRRD0005']) {
    write(
      'a.nrrd',
      [magic, ...HEAD.slice(1), '# comment', 'key:=type: none', 'Encoding: RAW', 'content: a b'],
      BYTES,
    )
    const read = await load<Chunk>('a.nrrd')
    assert.equal([read.shape, values(read)], [[2, 2, 3], [...BYTES]])
  }
  writeFileSync(
    file('windows.nrrd'),
    Buffer.concat([Buffer.from(`${[...HEAD, 'encoding: raw'].join('\r\n')}\r\n\r\n`), BYTES]),
  )
  assert.equal(values(await load<Chunk>('windows.nrrd')), [...BYTES])
})

test('byte orders, skipped lines and bytes, data at the end of the file', async () => {
  const head = ['NRRD0001', 'type: unsigned short', 'dimension: 2', 'sizes: 2 1']
  write('big.nrrd', [...head, 'endian: big', 'encoding: raw'], Uint8Array.of(1, 2, 3, 4))
  assert.equal(values(await load<Chunk>('big.nrrd')), [0x0102, 0x0304])
  write(
    'skip.nrrd',
    [...head, 'endian: little', 'encoding: raw', 'line skip: 2', 'byte skip: 3'],
    'a\nbc\nxyz\x01\x02\x03\x04',
  )
  assert.equal(values(await load<Chunk>('skip.nrrd')), [0x0201, 0x0403])
  write('end.nrrd', [...head, 'endian: little', 'encoding: raw', 'byteskip: -1'], 'whatever\x01\x02\x03\x04')
  assert.equal(values(await load<Chunk>('end.nrrd')), [0x0201, 0x0403])
  // the bytes to skip are those of the decompressed data
  write(
    'gzip.nrrd',
    [...head, 'endian: little', 'encoding: gz', 'line skip: 1', 'byte skip: 2'],
    Buffer.concat([Buffer.from('line\n'), gzipSync(Uint8Array.of(9, 9, 1, 2, 3, 4))]),
  )
  assert.equal(values(await load<Chunk>('gzip.nrrd')), [0x0201, 0x0403])
})

test('numbers as text: 64 bits exactly, floats that are no number', async () => {
  const head = (type: string) => ['NRRD0001', `type: ${type}`, 'dimension: 2', 'sizes: 2 2', 'encoding: text']
  write('long.nrrd', head('unsigned long long int'), '18446744073709551615, 9007199254740993\n0 7')
  assert.equal([...(await load<Chunk>('long.nrrd')).data], [2n ** 64n - 1n, 2n ** 53n + 1n, 0n, 7n])
  write('signed.nrrd', head('short'), '-32768 32767 -1 +5\n')
  assert.equal(values(await load<Chunk>('signed.nrrd')), [-32_768, 32_767, -1, 5])
  write('float.nrrd', head('double'), '1e-3 nan -INF 0.1')
  assert.equal(values(await load<Chunk>('float.nrrd')), [0.001, Number.NaN, Number.NEGATIVE_INFINITY, 0.1])
  write('wide.nrrd', head('uchar'), '1 2 256 4')
  assert.match(await refusal(() => load('wide.nrrd')), '"256", which is no uint8')
  write('few.nrrd', head('uchar'), '1 2 3')
  assert.match(await refusal(() => load('few.nrrd')), 'ends too early')
})

test('axes: components become channels, labels give the order', async () => {
  // components fastest: (r, g) of x 0, x 1, …
  const head = ['NRRD0004', 'type: uchar', 'dimension: 3', 'sizes: 2 3 2', 'encoding: raw']
  write('rgb.nrrd', [...head, 'kinds: vector domain domain'], BYTES)
  const rgb = await load<Chunk>('rgb.nrrd')
  assert.equal(
    [rgb.shape, values(rgb)],
    [
      [2, 1, 2, 3],
      [10, 12, 14, 16, 18, 20, 11, 13, 15, 17, 19, 21],
    ],
  )
  write('labels.nrrd', [...head, 'labels: "z" "y" "x"'], BYTES)
  const labelled = await load<Chunk>('labels.nrrd')
  // z fastest, then y, then x
  assert.equal(
    [labelled.shape, values(labelled)],
    [
      [2, 3, 2],
      [10, 16, 12, 18, 14, 20, 11, 17, 13, 19, 15, 21],
    ],
  )
  assert.equal((await load<Chunk>('labels.nrrd', { axisOrder: 'xyz' })).shape, [2, 3, 2].toReversed())
  write('plain.nrrd', head, BYTES)
  assert.equal(values(await load<Chunk>('plain.nrrd', { axisOrder: 'zyx' })), values(labelled))
  write('four.nrrd', ['NRRD0001', 'type: uchar', 'dimension: 4', 'sizes: 3 2 1 2', 'encoding: raw'], BYTES)
  assert.equal((await load<Chunk>('four.nrrd')).shape, [2, 1, 2, 3])
  // the channels of the Python release are its first axis, the fastest
  assert.equal((await load<Chunk>('four.nrrd', { axisOrder: 'zyx' })).shape, [3, 2, 1, 2])
  write('five.nrrd', ['NRRD0001', 'type: uchar', 'dimension: 5', 'sizes: 3 2 1 2 1', 'encoding: raw'], BYTES)
  assert.match(await refusal(() => load('five.nrrd')), 'nrrd-options')
})

test('geometry: units, spacings, spaces of patients', async () => {
  const place = async (...fields: string[]) => {
    write(
      'place.nrrd',
      [...HEAD.map((line) => line.replace('0001', '0004')), 'encoding: raw', ...fields],
      BYTES,
    )
    const { voxelSize, voxelOffset } = await load<Chunk>('place.nrrd', { headerGeometry: true })
    return [voxelSize, voxelOffset]
  }
  assert.equal(await place(), [null, [0, 0, 0]])
  assert.equal(await place('spacings: 4 4 40'), [
    [40, 4, 4],
    [0, 0, 0],
  ])
  assert.equal(await place('spacings: 0.004 0.008 0.04', 'units: "um" "um" "um"'), [
    [40, 8, 4],
    [0, 0, 0],
  ])
  assert.equal(
    await place(
      'space: left-posterior-superior',
      'space directions: (4e-6,0,0) (0,8e-6,0) (0,0,4e-5)',
      'space origin: (4.4e-5,-2.4e-5,2.8e-4)',
    ),
    [
      [40, 8, 4],
      [7, -3, 11],
    ],
  )
  const slanted = [
    'space dimension: 3',
    'space directions: (3,4,0) (0,8,0) (0,0,40)',
    'space origin: (1,2,3)',
  ]
  assert.match(
    await refusal(() => place(...slanted)),
    'nrrd-geometry: The axes of place.nrrd are slanted (space directions: (3,4,0) (0,8,0) (0,0,40))',
  )
  // without the header's geometry it does not matter
  assert.equal((await load<Chunk>('place.nrrd')).voxelOffset, [0, 0, 0])
  const placed = await load<Chunk>('place.nrrd', { headerGeometry: true, voxelOffset: [1, 2, 3] })
  assert.equal(
    [placed.voxelSize, placed.voxelOffset],
    [
      [40, 8, 5],
      [1, 2, 3],
    ],
  )
})

test('geometry: says what keeps a chunk from the place of the header', async () => {
  const place = async (directions: string, origin: string, options = {}) => {
    const fields = ['space dimension: 3', `space directions: ${directions}`, `space origin: ${origin}`]
    write(
      'place.nrrd',
      [...HEAD.map((line) => line.replace('0001', '0004')), 'encoding: raw', ...fields],
      BYTES,
    )
    const { voxelSize, voxelOffset } = await load<Chunk>('place.nrrd', { headerGeometry: true, ...options })
    return [voxelSize, voxelOffset]
  }
  const refused = (directions: string, origin: string) => refusal(() => place(directions, origin))
  assert.match(
    await refused('(-4,0,0) (0,-8,0) (0,0,40)', '(8,8,80)'),
    /axes of place\.nrrd are flipped \(space directions: \(-4,0,0\) \(0,-8,0\) \(0,0,40\)\).*\| give --voxel-offset: /,
  )
  assert.match(
    await refused('(4,0,0) (0,8,0) (0,0,40)', '(6,8,80)'),
    /6 8 80, is not a whole number of voxels/,
  )
  assert.match(
    await refused('(0,4,0) (8,0,0) (0,0,40)', '(8,8,80)'),
    /are permuted .*\| give --voxel-offset: /,
  )
  // the axes of the file, fastest first, run along z y x
  assert.match(
    await refused('(0,0,40) (0,8,0) (4,0,0)', '(8,8,80)'),
    /are permuted .*\| give --axis-order zyx$/,
  )
  assert.equal(await place('(0,0,40) (0,8,0) (4,0,0)', '(8,8,80)', { axisOrder: 'zyx' }), [
    [40, 8, 4],
    [2, 1, 2],
  ])
  assert.equal(await place('(-4,0,0) (0,-8,0) (0,0,40)', '(8,8,80)', { voxelOffset: [1, 2, 3] }), [
    [40, 8, 4],
    [1, 2, 3],
  ])
})

test('detached headers: one file, a list, numbered files', async () => {
  mkdirSync(file('d/parts'), { recursive: true })
  writeFileSync(file('d/all.raw'), BYTES)
  write('d/one.nhdr', [...HEAD, 'encoding: raw', 'data file: ./all.raw'])
  assert.equal(values(await load<Chunk>('d/one.nhdr')), [...BYTES])
  writeFileSync(file('d/parts/s7.raw'), BYTES.subarray(0, 6))
  writeFileSync(file('d/parts/s8.raw'), BYTES.subarray(6))
  // such a header has no empty line at its end
  writeFileSync(
    file('d/list.nhdr'),
    [...HEAD, 'encoding: raw', 'data file: LIST', 'parts/s7.raw', 'parts/s8.raw'].join('\n'),
  )
  assert.equal(values(await load<Chunk>('d/list.nhdr')), [...BYTES])
  write('d/numbered.nhdr', [...HEAD, 'encoding: raw', 'datafile: parts/s%d.raw 7 8 1'])
  assert.equal(values(await load<Chunk>('d/numbered.nhdr')), [...BYTES])
  const part = await reader.read('d/numbered.nhdr', { box: boxFromSize(zyx(0, 1, 1), zyx(2, 1, 2)) })
  assert.equal(values(part), [14, 15, 20, 21])
  writeFileSync(file('d/parts/g007.gz'), gzipSync(BYTES.subarray(0, 6)))
  writeFileSync(file('d/parts/g008.gz'), gzipSync(BYTES.subarray(6)))
  write('d/slabs.nhdr', [...HEAD, 'encoding: gzip', 'data file: parts/g%03d.gz 7 8 1 3'])
  assert.equal(values(await load<Chunk>('d/slabs.nhdr')), [...BYTES])
  write('d/three.nhdr', [...HEAD, 'encoding: raw', 'data file: parts/s%d.raw 7 9 1'])
  assert.match(await refusal(() => load('d/three.nhdr')), '3 data files, which do not make up')
})

test('data files stay in the folder of their header', async () => {
  writeFileSync(file('secret.raw'), BYTES)
  mkdirSync(file('e'))
  symlinkSync(file('secret.raw'), file('e/link.raw'))
  for (const name of [
    '../secret.raw',
    file('secret.raw'),
    file('e/inside.raw'),
    'link.raw',
    '../nowhere.raw',
  ]) {
    write('e/a.nhdr', [...HEAD, 'encoding: raw', `data file: ${name}`])
    assert.match(await refusal(() => load('e/a.nhdr')), /lies outside the folder|does not exist/, name)
  }
  assert.match(await refusal(() => load('e/a.nhdr')), 'lies outside')
  write('e/a.nhdr', [...HEAD, 'encoding: raw', 'data file: b.raw'])
  assert.match(await refusal(() => load('e/a.nhdr')), 'nrrd-missing')
})

test('what is not read is refused by name', async () => {
  const refused = async (change: (lines: string[]) => string[], data: Uint8Array | string = BYTES) => {
    write('no.nrrd', change([...HEAD, 'encoding: raw']), data)
    return refusal(() => load('no.nrrd'))
  }
  const replaced = (from: string, to: string) => (lines: string[]) =>
    lines.map((line) => line.replace(from, to))
  assert.match(await refused(replaced('raw', 'bzip2')), 'the encoding bzip2')
  assert.match(await refused(replaced('uchar', 'block')), 'of the type block')
  assert.match(await refused(replaced('uchar', 'short')), 'does not say the byte order')
  assert.match(await refused(replaced('0001', '0006')), 'version 6')
  assert.match(await refused(replaced('dimension: 3', 'dimension: 2')), '3 sizes')
  assert.match(await refused(replaced('3 2 2', '3 0 2')), 'sizes that are none')
  assert.match(await refused((lines) => lines.filter((line) => !line.startsWith('type'))), 'no field "type"')
  assert.match(await refused((lines) => [...lines, 'no field']), 'is no field')
  assert.match(await refused((lines) => [...lines, 'labels: "x" "y"']), '2 labels for 3 axes')
  assert.match(await refused((lines) => lines, BYTES.subarray(1)), 'ends too early')
  // nothing is allocated for a header that lies
  assert.match(await refused(replaced('3 2 2', '300000 200000 2000')), 'ends too early')
  assert.match(await refusal(() => load('never.nrrd')), 'nrrd-missing')
  writeFileSync(file('text.nrrd'), 'no array at all')
  assert.match(await refusal(() => load('text.nrrd')), 'is not an NRRD file')
})

test('damaged compressed data are found, also behind the last byte', async () => {
  const chunk = rampChunk(ODD_SHAPE, { dtype: 'uint32' })
  await save(chunk, { fileName: 'whole.nrrd' })
  const bytes = readFileSync(file('whole.nrrd'))
  writeFileSync(file('checksum.nrrd'), bytes)
  // a gzip stream ends with a checksum and the length, four bytes each
  bytes[bytes.length - 6]! ^= 1
  writeFileSync(file('checksum.nrrd'), bytes)
  assert.match(await refusal(() => load('checksum.nrrd')), 'is damaged')
  writeFileSync(file('short.nrrd'), bytes)
  truncateSync(file('short.nrrd'), bytes.length - 200)
  assert.match(await refusal(() => load('short.nrrd')), 'nrrd-unreadable')
})

/** Where Linux lists the open files of a process. */
const OPEN_FILES = '/proc/self/fd'
const testOpenFiles = existsSync(OPEN_FILES) ? test : test.skip

testOpenFiles('files of which a part is read, or nothing, are closed', async () => {
  const sizes = [3, 200, 200]
  const elements = sizes.reduce((product, size) => product * size, 1)
  const head = ['NRRD0001', 'type: uchar', 'dimension: 3', `sizes: ${sizes.join(' ')}`]
  write('long.txt.nrrd', [...head, 'encoding: text'], '1 '.repeat(elements))
  write('long.hex.nrrd', [...head, 'encoding: hex'], '01'.repeat(elements))
  const noise = Uint8Array.from({ length: elements }, (_, index) => (index * 2654435761) >>> 11)
  write('long.gz.nrrd', [...head, 'encoding: gzip'], gzipSync(noise))
  const isOpen = (name: string): boolean =>
    readdirSync(OPEN_FILES).some((number) => {
      try {
        return readlinkSync(`${OPEN_FILES}/${number}`).endsWith(name)
      } catch {
        return false
      }
    })
  for (const name of ['long.txt.nrrd', 'long.hex.nrrd', 'long.gz.nrrd'])
    for (const size of [0, 1]) {
      await reader.read(name, { box: boxFromSize(zyx(0, 0, 0), zyx(size, size, size)) })
      // closing takes some turns
      for (let turn = 0; turn < 200 && isOpen(name); turn++) await setTimeout(10)
      assert.not(isOpen(name), `${name} ${size}`)
    }
})

test.run()
