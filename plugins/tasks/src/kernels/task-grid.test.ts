import { boxFromSize, boxSize, equalZyx, formatBox, isChunkflowError, zyx } from '@chunkflow/sdk'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeBoxes, encodeBoxes } from './box-list.js'
import { type GridOptions, layTaskGrid } from './task-grid.js'

const test = suite('task-grid')
const boxes = (options: GridOptions): string[] => layTaskGrid(options).boxes.map(formatBox)

test('lists boxes with x fastest', () => {
  assert.equal(boxes({ chunkSize: zyx(128, 1024, 1024), gridSize: zyx(2, 2, 2) }), [
    '0-128_0-1024_0-1024',
    '0-128_0-1024_1024-2048',
    '0-128_1024-2048_0-1024',
    '0-128_1024-2048_1024-2048',
    '128-256_0-1024_0-1024',
    '128-256_0-1024_1024-2048',
    '128-256_1024-2048_0-1024',
    '128-256_1024-2048_1024-2048',
  ])
})

test('covers a region, rounding up, and cuts at its end only when asked', () => {
  const region = { chunkSize: zyx(4, 10, 10), roiStart: zyx(1, 0, -5), roiStop: zyx(9, 10, 10) }
  assert.equal(boxes(region), ['1-5_0-10_-5-5', '1-5_0-10_5-15', '5-9_0-10_-5-5', '5-9_0-10_5-15'])
  assert.equal(boxes({ ...region, respectStop: true }).at(-1), '5-9_0-10_5-10')
})

test('overlap shortens the stride; a volume starts one overlap early', () => {
  const volume = boxFromSize(zyx(10, 0, 0), zyx(20, 50, 50))
  const grid = layTaskGrid({ chunkSize: zyx(11, 26, 26), overlap: zyx(1, 1, 1), volume })
  assert.equal(grid.start, [9, -1, -1])
  assert.equal(grid.size, [2, 2, 2])
  assert.is(formatBox(grid.boxes[0]!), '9-20_-1-25_-1-25')
})

test('aligns to blocks', () => {
  const grid = layTaskGrid({
    chunkSize: zyx(8, 8, 8),
    roiStart: zyx(-3, 3, 5),
    roiStop: zyx(9, 9, 17),
    alignedBlockSize: zyx(4, 4, 4),
  })
  assert.equal(grid.start, [-4, 0, 4])
  assert.equal(grid.size, [2, 2, 2])
})

test('an empty chunk size with one box is legal, an advance of zero is not', () => {
  assert.equal(boxes({ chunkSize: zyx(0, 0, 0), roiStart: zyx(0, 0, 0), gridSize: zyx(1, 1, 1) }), [
    '0-0_0-0_0-0',
  ])
  try {
    layTaskGrid({ chunkSize: zyx(4, 4, 4), overlap: zyx(0, 4, 0), gridSize: zyx(1, 2, 1) })
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error) && error.code === 'grid-invalid')
  }
})

test('every voxel of a region lies in a box', () => {
  const small = fc.integer({ min: 1, max: 9 })
  fc.assert(
    fc.property(
      fc.tuple(small, small, small),
      fc.tuple(small, small, small),
      fc.tuple(small, small, small),
      (chunk, extent, offset) => {
        const start = zyx(-offset[0], offset[1], -offset[2])
        const region = boxFromSize(start, extent)
        const grid = layTaskGrid({ chunkSize: chunk, roiStart: start, roiSize: extent, respectStop: true })
        const volume = grid.boxes.reduce(
          (sum, box) => sum + boxSize(box).reduce((left, right) => left * right, 1),
          0,
        )
        return volume === extent[0] * extent[1] * extent[2] && equalZyx(grid.boxes.at(-1)!.stop, region.stop)
      },
    ),
  )
})

test('writes and reads lists of boxes', () => {
  const list = [boxFromSize(zyx(-10, 5, 7), zyx(1, 2, 3)), boxFromSize(zyx(2 ** 40, 0, 0), zyx(4, 4, 4))]
  assert.equal(decodeBoxes(encodeBoxes(list), 'x').map(formatBox), list.map(formatBox))
  assert.equal(decodeBoxes(Buffer.from('# z y x\n0,0,0, 1,2,3\n'), 'x').map(formatBox), ['0-1_0-2_0-3'])
  assert.throws(
    () => decodeBoxes(Buffer.from('1,2,3'), 'x'),
    (error: unknown) => isChunkflowError(error) && error.code === 'task-list-invalid',
  )
  assert.throws(() => decodeBoxes(encodeBoxes(list).subarray(0, 150), 'x'), /truncated/)
})

test.run()
