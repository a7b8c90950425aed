import type { Skeleton } from '@chunkflow/sdk'
import { codeOf } from '@chunkflow/sdk/testing'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cableOf, shapeOf, treesOf } from '../testing/forest.js'
import { createHeap } from './heap.js'
import { mergeFragments, skeletonOf } from './merge.js'
import { tidy } from './tidy.js'

const test = suite('graphs of skeletons')

const make = (places: readonly number[][], edges: readonly number[][], radii?: readonly number[]): Skeleton =>
  skeletonOf(Float32Array.from(places.flat()), edges.flat(), radii && Float32Array.from(radii))

/** A line along x in steps of 100 nm, from one place to another. */
const line = (z: number, y: number, from: number, to: number): Skeleton => {
  const count = Math.abs(to - from) / 100 + 1
  const step = Math.sign(to - from) * 100
  return make(
    Array.from({ length: count }, (_, index) => [z, y, from + index * step]),
    Array.from({ length: count - 1 }, (_, index) => [index, index + 1]),
    Array.from({ length: count }, (_, index) => index),
  )
}

test('fragments meet where they share a place; the order does not matter; radii are the largest', () => {
  const fragments = [line(40, 8, 0, 300), line(40, 8, 600, 300), line(80, 8, 0, 100)]
  const merged = mergeFragments(fragments)
  assert.equal(
    [merged.vertices.shape, merged.edges.shape],
    [
      [9, 3],
      [7, 2],
    ],
  )
  assert.is(treesOf(merged), 2)
  assert.is(cableOf(merged), 700)
  // the shared place has the radius 3 in both, place 600 the radius 0
  assert.equal([...merged.radii!], [0, 1, 2, 3, 2, 1, 0, 0, 1])
  assert.equal(mergeFragments([...fragments].reverse()), merged)
  assert.equal(mergeFragments([...fragments, fragments[1]!]), merged)
  assert.equal(mergeFragments([merged]), merged)
  assert.is(mergeFragments([]).vertices.shape[0], 0)
})

test('a circle is opened at its longest edge', () => {
  const circle = make(
    [
      [0, 0, 0],
      [0, 0, 30],
      [0, 40, 30],
      [0, 40, 0],
    ],
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 0],
      [2, 2],
      [2, 1],
    ],
  )
  const merged = mergeFragments([circle])
  assert.is(treesOf(merged), 1)
  assert.is(cableOf(merged), 30 + 30 + 40)
})

test('small parts go, and ticks, from the shortest on, until branches are long enough', async () => {
  // a trunk of 10 000 nm; side branches of 300 and 400 nm at 5000 and 8000, of 4000 at 6000; a part of 900 nm
  const trunk = line(0, 0, 0, 10_000)
  const side = (x: number, length: number) =>
    make(
      [
        [0, 0, x],
        [0, length, x],
      ],
      [[0, 1]],
    )
  const parts = [trunk, side(5000, 300), side(8000, 400), side(6000, 4000), line(500, 0, 0, 900)]
  const merged = mergeFragments(parts)
  const kept = tidy(merged, { dustNm: 1000, tickNm: 3500 })
  assert.equal(shapeOf(kept), shapeOf(mergeFragments([trunk, parts[3]!])))
  assert.equal(shapeOf(tidy(merged, { dustNm: 900, tickNm: 0 })), shapeOf(merged))
  // in what is left the branch from 6000 to 10 000 is longer than the limit; with a higher one it and the side go
  const less = tidy(merged, { dustNm: 1000, tickNm: 4001 })
  assert.is(cableOf(less), 10_000)
  // the ends of lines without forks are no ticks
  assert.equal(
    shapeOf(tidy(line(0, 0, 0, 2000), { dustNm: 1000, tickNm: 3500 })),
    shapeOf(line(0, 0, 0, 2000)),
  )
  assert.is(tidy(line(0, 0, 0, 900), { dustNm: 1000, tickNm: 0 }).vertices.shape[0], 0)
  assert.equal([...kept.radii!].slice(0, 3), [...trunk.radii!].slice(0, 3))
  const nowhere = make([[0, Number.NaN, 0]], [])
  assert.is(await codeOf(() => mergeFragments([nowhere])), 'skeleton-fragments')
})

test('whatever is merged and tidied is a forest, and tidy', () => {
  const place = fc.tuple(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 3 }),
  )
  const fragment = fc
    .tuple(
      fc.array(place, { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 14 }),
    )
    .map(([places, edges]) =>
      make(
        places.map((values) => [...values]),
        edges.map(([from, to]) => [from % places.length, to % places.length]),
      ),
    )
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 4 }), (fragments) => {
      const merged = mergeFragments(fragments)
      treesOf(merged)
      const tidied = tidy(merged, { dustNm: 2, tickNm: 2.5 })
      treesOf(tidied)
      assert.equal(tidy(tidied, { dustNm: 0, tickNm: 2.5 }), tidied)
    }),
    { numRuns: 300, seed: 1 },
  )
})

test('a heap gives items in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      const heap = createHeap<number>((left, right) => left - right)
      for (const item of items) heap.push(item)
      const taken = items.map(() => heap.pop()!)
      assert.equal(
        taken,
        [...items].sort((left, right) => left - right),
      )
      assert.is(heap.pop(), undefined)
    }),
    { numRuns: 100, seed: 1 },
  )
})

test.run()
