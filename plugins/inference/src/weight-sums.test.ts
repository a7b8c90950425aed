import { zyx } from '@chunkflow/sdk'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { axisStarts } from './geometry.js'
import { planWeightSums } from './weight-sums.js'

const test = suite('sums of weights')

/** Patches of 2 x 2 x 3 voxels; along z the last is moved back, along x neighbours share a voxel. */
const GRID = { outputSize: zyx(5, 2, 7), outputStarts: [[0, 2, 3], [0], [0, 2, 4]] } as const
const PATCH = zyx(2, 2, 3)
/** Bytes of a row of sums: four classes along x. */
const ROW = 16

test('has a float for every set of offsets along x', () => {
  const sums = planWeightSums(GRID, PATCH, 0)
  // offsets of voxels 0 to 6 in the patches over them: 0 | 1 | 2 and 0 | 1 | 2 and 0 | 1 | 2
  assert.is(sums.classes, 4)
  assert.equal(
    [...sums.runs],
    [
      [0, 0, 3],
      [3, 1, 2],
      [5, 1, 1],
      [6, 3, 1],
    ].flat(),
  )
  assert.equal(
    [...sums.pieces],
    [
      [0, 2, 1, 0],
      [2, 1, 2, 2, 0],
      [3, 1, 1, 2],
    ].flat(),
  )
  assert.is(sums.pieceCount, 3)
  // plane 3 lies in two patches, voxels 2 and 4 of every row, too
  assert.is(sums.mostPatches, 4)
})

test('keeps rows that serve the most, as many as fit', () => {
  // planes 0 and 2 are alike, so are planes 1 and 4
  const all = planWeightSums(GRID, PATCH, 1e6)
  assert.is(all.rows, 6)
  assert.is(all.bytes, 6 * ROW)
  assert.equal([...all.slots([0, 5], [0, 2])], [0, 1, 2, 3, 0, 1, 4, 5, 2, 3])
  const some = planWeightSums(GRID, PATCH, 5 * ROW - 1)
  assert.is(some.bytes, 4 * ROW)
  assert.equal([...some.slots([0, 5], [0, 2])], [0, 1, 2, 3, 0, 1, -1, -1, 2, 3])
  assert.equal([...some.slots([2, 4], [1, 2])], [1, -1])
  const none = planWeightSums(GRID, PATCH, ROW - 1)
  assert.is(none.rows, 0)
  assert.equal([...none.slots([0, 2], [0, 2])], [-1, -1, -1, -1])
})

test('does not grow with the chunk', () => {
  const rowsOf = (count: number) =>
    planWeightSums(
      {
        outputSize: zyx(8, 6, 10 + 7 * count),
        outputStarts: [[0, 4], [0], Array.from({ length: count + 1 }, (_, index) => 7 * index)],
      },
      zyx(4, 6, 10),
      1e6,
    )
  // along x a patch and an overlap
  assert.is(rowsOf(1).classes, 13)
  assert.is(rowsOf(40).classes, 13)
  assert.is(rowsOf(40).bytes, rowsOf(1).bytes)
})

test('covers every voxel with the patches over it, in their order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 11 }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 5 }),
      (patch, overlap, extra, crop) => {
        const stride = patch - Math.min(overlap, patch - 1)
        const starts = axisStarts(patch + extra, patch, patch - stride, stride)
          .map((start) => start - crop)
          .filter((start) => start + patch > 0 && start < patch + extra - 2 * crop)
        const size = patch + extra - 2 * crop
        if (size <= 0) return
        const sums = planWeightSums(
          { outputSize: zyx(1, 1, size), outputStarts: [[0], [0], starts] },
          zyx(1, 1, patch),
          0,
        )
        // offsets of each class, from the pieces
        const offsets: number[][] = []
        for (let at = 0, piece = 0; piece < sums.pieceCount; piece++) {
          const [first, count, along] = sums.pieces.subarray(at, at + 3)
          const begin = [...sums.pieces.subarray(at + 3, at + 3 + along!)]
          for (let index = 0; index < count!; index++)
            offsets[first! + index] = begin.map((offset) => offset + index)
          at += 3 + along!
        }
        // and of each voxel, from the runs
        const found: number[][] = []
        for (let at = 0; at < sums.runs.length; at += 3)
          for (let index = 0; index < sums.runs[at + 2]!; index++)
            found[sums.runs[at]! + index] = offsets[sums.runs[at + 1]! + index]!
        const expected = Array.from({ length: size }, (_, place) =>
          starts.map((start) => place - start).filter((offset) => offset >= 0 && offset < patch),
        )
        assert.equal(found, expected)
      },
    ),
  )
})

test.run()
