import { allocate } from '@chunkflow/kernel/authoring'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { permuteAxes } from './permute-axes.js'

const test = suite('permute axes')

test('the first axis becomes the fastest', async () => {
  // a[x, y, z] = 100 z + 10 y + x, z fastest
  const stored = Uint16Array.of(0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121)
  assert.equal(
    [...(await permuteAxes(stored, 'uint16', [2, 3, 2], [2, 1, 0]))],
    [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121],
  )
})

test('channels that change fastest become planes; nothing moves without need', async () => {
  const interleaved = Uint8Array.of(1, 11, 2, 12, 3, 13)
  assert.equal([...(await permuteAxes(interleaved, 'uint8', [3, 2], [1, 0]))], [1, 2, 3, 11, 12, 13])
  assert.is(await permuteAxes(interleaved, 'uint8', [3, 1, 2], [0, 1, 2]), interleaved)
  assert.is(await permuteAxes(interleaved, 'uint8', [6, 1], [1, 0]), interleaved)
})

test('axes longer than a tile, 64-bit elements', async () => {
  const [rows, columns] = [70, 45]
  const stored = BigInt64Array.from({ length: rows * columns }, (_, index) => BigInt(index))
  const moved = await permuteAxes(stored, 'int64', [columns, 1, rows], [2, 1, 0])
  assert.ok(
    moved.every((value, index) => value === BigInt((index % columns) * rows + Math.floor(index / columns))),
  )
})

test('every order of up to four axes puts every element where it belongs', async () => {
  const cases = fc
    .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
    .chain((sizes) =>
      fc.tuple(
        fc.constant(sizes),
        fc.shuffledSubarray([...sizes.keys()], { minLength: sizes.length, maxLength: sizes.length }),
      ),
    )
  await fc.assert(
    fc.asyncProperty(cases, async ([sizes, order]) => {
      const length = sizes.reduce((left, right) => left * right, 1)
      const from = allocate('int32', length)
      for (let index = 0; index < length; index++) from[index] = index
      const moved = await permuteAxes(from, 'int32', sizes, order)
      const shape = order.map((axis) => sizes[axis]!)
      for (let index = 0; index < length; index++) {
        const place = new Array<number>(sizes.length)
        let left = index
        for (const axis of [...shape.keys()].toReversed()) {
          place[order[axis]!] = left % shape[axis]!
          left = Math.floor(left / shape[axis]!)
        }
        assert.is(
          moved[index],
          place.reduce((sum, at, axis) => sum * sizes[axis]! + at, 0),
        )
      }
    }),
    { numRuns: 80 },
  )
})

test.run()
