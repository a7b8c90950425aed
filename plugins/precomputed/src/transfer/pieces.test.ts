import { boxFromSize, boxVolume, formatBox, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { choosePieces, countPieces, piecesOf } from './pieces.js'

const test = suite('pieces of a transfer')

const origin = zyx(7, -3, 11)
const box = boxFromSize(origin, zyx(30, 100, 90))
const scale = (blockSize: readonly [number, number, number], writeSize = blockSize) => ({
  box,
  blockSize,
  writeSize,
})
const choose = (pieceBytes: number, target = scale([8, 16, 16]), source = scale([12, 24, 24])) =>
  choosePieces({ region: box, source, target, bytesPerVoxel: 2, pieceBytes })

test('grow from one write to blocks that both volumes share, then along x, y and z', () => {
  // 8 x 16 x 16 voxels of 2 bytes are 4096
  assert.equal(choose(4096), { size: [8, 16, 16], coverWrites: true })
  assert.equal(choose(3 * 4096), { size: [8, 16, 48], coverWrites: true })
  // 3 times in x, 3 in y and 3 in z make blocks of the source whole
  assert.equal(choose(9 * 4096), { size: [8, 48, 48], coverWrites: true })
  assert.equal(choose(27 * 4096), { size: [24, 48, 48], coverWrites: true })
  assert.equal(choose(2 ** 30).size, [48, 144, 96], 'everything, in whole units')
})

test('what a write covers may be too large: then blocks, several times over', () => {
  const whole = scale([8, 16, 16], [30, 100, 90])
  assert.equal(choose(4096, whole), { size: [8, 16, 16], coverWrites: false })
  // cut at the end of the region it may fit after all
  assert.equal(choose(2 * 30 * 100 * 90, scale([8, 16, 16], [64, 128, 128])), {
    size: [192, 384, 384],
    coverWrites: true,
  })
})

test('cover a region once, in whole pieces from the origin', () => {
  for (const region of [box, boxFromSize(zyx(15, 13, 27), zyx(16, 33, 40))]) {
    const size = zyx(8, 16, 16)
    const pieces = [...piecesOf(region, origin, size)]
    assert.is(pieces.length, countPieces(region, origin, size))
    assert.is(
      pieces.reduce((sum, piece) => sum + boxVolume(piece), 0),
      boxVolume(region),
    )
    assert.is(new Set(pieces.map(formatBox)).size, pieces.length)
  }
  assert.equal([...piecesOf(boxFromSize(origin, zyx(9, 16, 20)), origin, zyx(8, 16, 16))].map(formatBox), [
    '7-15_-3-13_11-27',
    '7-15_-3-13_27-31',
    '15-16_-3-13_11-27',
    '15-16_-3-13_27-31',
  ])
})

test.run()
