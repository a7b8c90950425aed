import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fromFortranOrder } from './transpose.js'

const test = suite('fortran order')

test('the first axis becomes the slowest', async () => {
  // a[z, y, x] = 100 z + 10 y + x, stored z fastest
  const stored = Uint16Array.of(0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121)
  assert.equal(
    [...(await fromFortranOrder(stored, 'uint16', [2, 3, 2]))],
    [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121],
  )
})

test('axes longer than a tile, 64-bit elements', async () => {
  const [rows, columns] = [70, 45]
  const stored = BigInt64Array.from({ length: rows * columns }, (_, index) => BigInt(index))
  const moved = await fromFortranOrder(stored, 'int64', [rows, 1, columns])
  assert.ok(
    moved.every((value, index) => value === BigInt((index % columns) * rows + Math.floor(index / columns))),
  )
})

test.run()
