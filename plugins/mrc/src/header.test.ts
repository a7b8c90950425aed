import { createChunk } from '@chunkflow/sdk'
import { refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FIELD, parseHeader } from './header.js'
import { formatHeader } from './write-mrc.js'

const test = suite('mrc header')
const chunk = createChunk(new Uint8Array(24), [2, 3, 4], {
  voxelOffset: [7, -3, 11],
  voxelSize: [33.3, 0.5, 0.4],
})
const statistics = { minimum: 0, maximum: 100, sum: 24, sumOfSquares: 48 }
const head = (change: (header: Buffer) => void = () => {}): Buffer => {
  const header = formatHeader(chunk, 'uint8', statistics)
  change(header)
  return header
}
const int = (value: number, offset: number) => (header: Buffer) => void header.writeInt32LE(value, offset)

test('ångström become nanometres, without truncation', () => {
  const { voxelSize, start, shape, dataStart } = parseHeader(head(), 'a.mrc')
  assert.equal([voxelSize, start, shape, dataStart], [[33.3, 0.5, 0.4], [7, -3, 11], [2, 3, 4], 1024])
  // 4 columns of 0.4 nm
  assert.is(head().readFloatLE(40), 16)
  assert.is(
    parseHeader(
      head((header) => void header.writeFloatLE(0, 40)),
      'a.mrc',
    ).voxelSize,
    null,
  )
})

test('mode 0 is signed or not: stamp, extremes, version', () => {
  const dtype = (change: (header: Buffer) => void) =>
    parseHeader(
      head((header) => {
        // no stamp
        header.writeInt32LE(0, FIELD.imodStamp)
        change(header)
      }),
      'a.mrc',
    ).dtype
  assert.is(parseHeader(head(), 'a.mrc').dtype, 'uint8')
  assert.is(parseHeader(head(int(1, FIELD.imodFlags)), 'a.mrc').dtype, 'int8')
  // 0 to 100 may be both: the standard, or what was before it
  assert.is(
    dtype(() => {}),
    'int8',
  )
  assert.is(dtype(int(0, FIELD.version)), 'uint8')
  assert.is(
    dtype((header) => void header.writeFloatLE(200, 80)),
    'uint8',
  )
  assert.is(
    dtype((header) => {
      header.writeInt32LE(0, FIELD.version)
      header.writeFloatLE(-5, 76)
    }),
    'int8',
  )
})

test('what is no chunk is refused by name', async () => {
  const refused = (change: (header: Buffer) => void) => refusal(() => parseHeader(head(change), 'a.mrc'))
  for (const [mode, name] of [
    [3, 'complex 16-bit integers'],
    [4, 'complex numbers'],
    [16, 'RGB colours'],
    [101, '4-bit integers'],
  ] as const)
    assert.match(await refused(int(mode, 12)), `mode ${mode}, ${name}`)
  assert.match(await refused(int(77, 12)), 'is not an MRC file')
  assert.match(await refused(int(0, 4)), 'has the size 4 × 0 × 2')
  assert.match(await refused(int(1, 68)), 'the axes 1 1 3')
  assert.match(await refused(int(-8, 92)), 'negative length')
  assert.match(await refusal(() => parseHeader(Buffer.alloc(500), 'a.mrc')), 'shorter than a header')
  assert.match(await refusal(() => parseHeader(Buffer.alloc(1024, ' '), 'a.mrc')), 'is not an MRC file')
})

test('axes nobody named are x y z', () => {
  const header = head((bytes) => {
    for (const offset of [64, 68, 72]) bytes.writeInt32LE(0, offset)
  })
  assert.equal(parseHeader(header, 'a.mrc').shape, [2, 3, 4])
})

test.run()
