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

test('a volume is the region, begun one overlap early', () => {
  const volume = boxFromSize(zyx(10, 0, 0), zyx(20, 50, 50))
  const grid = layTaskGrid({ chunkSize: zyx(11, 26, 26), overlap: zyx(1, 1, 1), volume })
  assert.equal(
    [grid.start, grid.stop, grid.stride, grid.size],
    [
      [9, -1, -1],
      [30, 50, 50],
      [10, 25, 25],
      [2, 2, 2],
    ],
  )
  assert.is(formatBox(grid.boxes[0]!), '9-20_-1-25_-1-25')
  assert.is(grid.centre, 7)
})

test('a file is the region, from where it begins', () => {
  const file = boxFromSize(zyx(10, 0, 0), zyx(20, 50, 50))
  const grid = layTaskGrid({ chunkSize: zyx(11, 26, 26), overlap: zyx(1, 1, 1), file })
  assert.equal(
    [grid.start, grid.size],
    [
      [10, 0, 0],
      [2, 2, 2],
    ],
  )
})

test('a region given beats the volume, on the side where it is given', () => {
  const volume = boxFromSize(zyx(10, 0, 0), zyx(20, 50, 50))
  const chunkSize = zyx(10, 25, 25)
  assert.equal(layTaskGrid({ chunkSize, volume, roiStart: zyx(20, 0, 25) }).size, [1, 2, 1])
  assert.equal(layTaskGrid({ chunkSize, volume, roiStop: zyx(20, 25, 50) }).size, [1, 1, 2])
  assert.equal(layTaskGrid({ chunkSize, volume, roiSize: zyx(11, 1, 1) }).stop, [21, 1, 1])
  assert.equal(layTaskGrid({ chunkSize, volume, gridSize: zyx(1, 1, 3) }).boxes.length, 3)
})

test('without any end it is one box, whatever the stride', () => {
  assert.equal(boxes({ chunkSize: zyx(4, 5, 6), roiStart: zyx(1, 1, 1) }), ['1-5_1-6_1-7'])
  assert.equal(boxes({ chunkSize: zyx(4, 5, 6), stride: zyx(1, 1, 1) }), ['0-4_0-5_0-6'])
  assert.equal(boxes({ chunkSize: zyx(0, 0, 0) }), ['0-0_0-0_0-0'])
})

test('a grid without an end covers grid × stride + overlap', () => {
  const grid = layTaskGrid({ chunkSize: zyx(8, 8, 8), overlap: zyx(0, 2, 4), gridSize: zyx(1, 2, 3) })
  assert.equal(
    [grid.stop, grid.stride],
    [
      [8, 14, 16],
      [8, 6, 4],
    ],
  )
  assert.is(formatBox(grid.boxes.at(-1)!), '0-8_6-14_8-16')
})

test('the stride may leave gaps', () => {
  assert.equal(boxes({ chunkSize: zyx(1, 1, 2), stride: zyx(1, 1, 5), roiSize: zyx(1, 1, 12) }), [
    '0-1_0-1_0-2',
    '0-1_0-1_5-7',
    '0-1_0-1_10-12',
  ])
})

test('an axis without extent gives no boxes', () => {
  assert.equal(boxes({ chunkSize: zyx(4, 4, 4), roiSize: zyx(4, 0, 4) }), [])
  assert.equal(boxes({ chunkSize: zyx(4, 4, 4), overlap: zyx(0, 2, 0), roiSize: zyx(4, 2, 4) }), [])
})

test('aligns to blocks, also on the negative side, and counts boxes anew', () => {
  const grid = layTaskGrid({
    chunkSize: zyx(8, 8, 8),
    roiStart: zyx(-3, 3, 5),
    roiStop: zyx(9, 9, 17),
    alignedBlockSize: zyx(4, 4, 4),
  })
  assert.equal(
    [grid.start, grid.stop, grid.size],
    [
      [-4, 0, 4],
      [12, 12, 20],
      [2, 2, 2],
    ],
  )
  const negative = layTaskGrid({
    chunkSize: zyx(8, 8, 8),
    roiStart: zyx(-8, -9, -7),
    roiStop: zyx(-4, -3, -1),
    alignedBlockSize: zyx(4, 4, 4),
  })
  assert.equal(
    [negative.start, negative.stop],
    [
      [-8, -12, -8],
      [-4, 0, 0],
    ],
  )
})

test('says what cannot be laid out', () => {
  const refused: Record<string, GridOptions> = {
    'overlap as large as the chunk': {
      chunkSize: zyx(4, 4, 4),
      overlap: zyx(0, 4, 0),
      gridSize: zyx(1, 2, 1),
    },
    'a stride of 0 over a region': { chunkSize: zyx(4, 4, 4), stride: zyx(1, 0, 1), roiSize: zyx(8, 8, 8) },
    'an inverted region': { chunkSize: zyx(4, 4, 4), roiStart: zyx(0, 5, 0), roiStop: zyx(4, 4, 4) },
    'blocks larger than chunks': { chunkSize: zyx(4, 4, 4), alignedBlockSize: zyx(8, 4, 4) },
    'chunks not made of blocks': { chunkSize: zyx(4, 6, 4), alignedBlockSize: zyx(4, 4, 4) },
    'more boxes than anybody wants': { chunkSize: zyx(1, 1, 1), roiSize: zyx(1000, 1000, 1000) },
    'boxes behind the end that is respected': {
      chunkSize: zyx(4, 4, 4),
      gridSize: zyx(1, 1, 3),
      roiStop: zyx(4, 4, 6),
      respectStop: true,
    },
  }
  for (const [name, options] of Object.entries(refused))
    assert.throws(
      () => layTaskGrid(options),
      (error: unknown) => isChunkflowError(error) && error.code === 'grid-invalid',
      name,
    )
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
