import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { elementsOf, rowsOf, slabsOf } from './slabs.js'

const test = suite('slabs')

test('slabs end at the borders of storage chunks', () => {
  const slabs = [...slabsOf({ start: [3, 0, 0], count: [20, 4, 4] }, [8, 4, 4], 1, 10 * 16)]
  assert.equal(
    slabs.map(({ start, count }) => [start[0], count[0]]),
    [
      [3, 5],
      [8, 8],
      [16, 7],
    ],
  )
})

test('a plane of chunks that is too large is split along the next axes', () => {
  const slabs = [...slabsOf({ start: [0, 1, 0], count: [4, 6, 8] }, [4, 4, 4], 2, 4 * 4 * 4 * 2)]
  assert.equal(
    slabs.map(({ start, count }) => [...start, ...count].join(' ')),
    ['0 1 0 4 3 4', '0 1 4 4 3 4', '0 4 0 4 3 4', '0 4 4 4 3 4'],
  )
})

test('a region inside one chunk is read at once, unless it is huge', () => {
  const region = { start: [1, 1, 1], count: [6, 2, 2] }
  assert.equal([...slabsOf(region, [8, 8, 8], 1, 8, 24)], [region])
  assert.is([...slabsOf(region, [8, 8, 8], 1, 8, 23)].length, 3)
})

test('nothing is no slab', () => {
  assert.equal([...slabsOf({ start: [0, 0, 0], count: [0, 4, 4] }, null, 1)], [])
})

test('slabs cover a region exactly once, none too large, and their rows find their places', () => {
  const axis = fc.record({
    start: fc.integer({ min: 0, max: 5 }),
    count: fc.integer({ min: 1, max: 7 }),
    chunk: fc.integer({ min: 1, max: 5 }),
  })
  fc.assert(
    fc.property(
      fc.array(axis, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 60 }),
      (axes, chunked, limit) => {
        const region = { start: axes.map(({ start }) => start), count: axes.map(({ count }) => count) }
        const chunks = chunked ? axes.map(({ chunk }) => chunk) : null
        const largest = Math.max(limit, elementsOf({ count: chunks ?? [1] }))
        const seen = new Uint8Array(elementsOf(region))
        for (const slab of slabsOf(region, chunks, 1, limit, Number.POSITIVE_INFINITY)) {
          assert.ok(elementsOf(slab) <= largest)
          const { length, offsets } = rowsOf(slab, region)
          assert.is(length * offsets.length, elementsOf(slab))
          const places = [...offsets].flatMap((offset) =>
            Array.from({ length }, (_, index) => offset + index),
          )
          assert.equal(places, placesOf(slab, region))
          for (const place of places) seen[place]! += 1
        }
        assert.ok(seen.every((times) => times === 1))
      },
    ),
  )
})

/** Where the elements of a slab lie in the array of a region, one after the other. */
function placesOf(
  slab: { start: readonly number[]; count: readonly number[] },
  region: { start: readonly number[]; count: readonly number[] },
): number[] {
  let places = [0]
  for (const [axis, size] of slab.count.entries())
    places = places.flatMap((place) =>
      Array.from(
        { length: size },
        (_, index) => place * region.count[axis]! + slab.start[axis]! - region.start[axis]! + index,
      ),
    )
  return places
}

test.run()
