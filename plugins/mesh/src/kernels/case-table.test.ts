import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CASE_BYTES, CELL_EDGES, caseTable, loopsOf, trianglesOf } from './case-table.js'

const test = suite('table of cases')

/** Which of the six sides of the cell an edge lies in, as bits: two for each axis. */
const sidesOf = (edge: number): number => {
  const { corner, axis } = CELL_EDGES[edge]!
  let sides = 0
  for (let other = 0; other < 3; other++)
    if (other !== axis) sides |= 1 << (2 * other + ((corner >> (2 - other)) & 1))
  return sides
}

/** Edges of triangles along which no other triangle of the case goes back. */
function borderOf(inside: number): [number, number][] {
  const edges = trianglesOf(inside).flatMap(([a, b, c]): [number, number][] => [
    [a, b],
    [b, c],
    [c, a],
  ])
  return edges.filter(([from, to]) => !edges.some(([start, end]) => start === to && end === from))
}

test('edges go from a corner along one axis', () => {
  assert.is(CELL_EDGES.length, 12)
  assert.equal(CELL_EDGES[0], { corner: 0, axis: 0 })
  assert.equal(CELL_EDGES[7], { corner: 5, axis: 1 })
  assert.equal(CELL_EDGES[11], { corner: 6, axis: 2 })
})

test('a corner is cut off, seen anticlockwise from outside; the opposite case is the same triangle turned', () => {
  // corner 0: its edges along z, y, x are 0, 4, 8. In x y z the triangle (z, x, y) turns around (1, 1, 1)
  assert.equal(trianglesOf(0b00000001), [[0, 8, 4]])
  assert.equal(trianglesOf(0b11111110), [[0, 4, 8]])
})

test('every crossed edge is on one loop, and triangles cover the loops', () => {
  for (let inside = 0; inside < 256; inside++) {
    const crossed = CELL_EDGES.flatMap(({ corner, axis }, edge) =>
      ((inside >> corner) & 1) !== ((inside >> (corner | (4 >> axis))) & 1) ? [edge] : [],
    )
    const loops = loopsOf(inside)
    assert.equal(
      loops.flat().sort((a, b) => a - b),
      crossed,
      `case ${inside}`,
    )
    assert.is(
      trianglesOf(inside).length,
      loops.reduce((sum, loop) => sum + loop.length - 2, 0),
    )
  }
})

test('only borders lie in the sides of a cell, and neighbours agree about them', () => {
  for (let axis = 0; axis < 3; axis++)
    for (let inside = 0; inside < 256; inside++)
      for (const side of [0, 1]) {
        const bit = 1 << (2 * axis + side)
        const inSide = ([from, to]: readonly number[]): boolean => (sidesOf(from!) & sidesOf(to!) & bit) !== 0
        const border = borderOf(inside).filter(inSide)
        const drawn = trianglesOf(inside)
          .flatMap(([a, b, c]) => [
            [a, b],
            [b, c],
            [c, a],
          ])
          .filter(inSide)
        assert.is(drawn.length, border.length, `case ${inside}: an edge inside a side`)
        // the cell beyond the side, whose other corners are all outside, or all inside
        const step = 4 >> axis
        const corners = [0, 1, 2, 3, 4, 5, 6, 7].filter((corner) => ((corner & step) !== 0) === (side === 1))
        for (const others of [0, 1]) {
          let beyond = 0
          for (const corner of corners) {
            beyond |= ((inside >> corner) & 1) << (corner ^ step)
            beyond |= others << corner
          }
          const shift = (edge: number): string => {
            const { corner, axis: along } = CELL_EDGES[edge]!
            return `${corner & ~step} ${along}`
          }
          const theirs = borderOf(beyond).filter(
            ([from, to]) => (sidesOf(from) & sidesOf(to) & (1 << (2 * axis + 1 - side))) !== 0,
          )
          const name = ([from, to]: readonly number[]): string => `${shift(from!)} > ${shift(to!)}`
          const turned = ([from, to]: readonly number[]): string => name([to!, from!])
          assert.equal(theirs.map(turned).sort(), border.map(name).sort(), `cases ${inside} and ${beyond}`)
        }
      }
})

test('inside corners that touch across the diagonal of a side stay apart', () => {
  // corners 0 and 3 of the side z = 0
  assert.equal(
    loopsOf(0b00001001).map((loop) => loop.length),
    [3, 3],
  )
})

test('the bytes: a count, then corners with the end that is inside', () => {
  const table = caseTable()
  assert.is(table.length, 256 * CASE_BYTES)
  assert.equal([...table.subarray(CASE_BYTES, CASE_BYTES + 5)], [1, 0, 16, 8, 0])
  // the upper end is inside when the lower one is not
  assert.equal([...table.subarray(254 * CASE_BYTES, 254 * CASE_BYTES + 4)], [1, 1, 9, 17])
  assert.is(Math.max(...Array.from({ length: 256 }, (_, inside) => table[inside * CASE_BYTES]!)), 5)
})

test.run()
