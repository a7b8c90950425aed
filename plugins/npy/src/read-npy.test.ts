import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatHeader } from './npy-header.js'
import { readNpy } from './read-npy.js'
import { npyFolder } from './testing/npy.js'

const test = suite('read npy')
const folder = npyFolder()
test.after(() => folder.remove())

test('a part of an array in either order and either byte order', async () => {
  const axis = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(5), fc.nat(5)).map(([size, first, length]) => {
    const start = first % size
    return { size, start, count: 1 + (length % (size - start)) }
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(axis, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.boolean(),
      async (axes, fortran, big) => {
        const shape = axes.map(({ size }) => size)
        writeFileSync(folder.file('part.npy'), ramp(shape, fortran, big))
        const region = { start: axes.map(({ start }) => start), count: axes.map(({ count }) => count) }
        const part = await readNpy(folder.file('part.npy'), () => region)
        assert.equal([part.shape, part.dtype], [region.count, 'int32'])
        assert.equal([...part.data], valuesOf(shape, region))
      },
    ),
    { numRuns: 60 },
  )
})

/** The C-order index of every element, as NumPy would save it. */
function ramp(shape: readonly number[], fortran: boolean, big: boolean): Buffer {
  const elements = shape.reduce((left, right) => left * right, 1)
  const data = Buffer.alloc(elements * 4)
  for (let index = 0; index < elements; index++) {
    let left = index
    let stored = 0
    let stride = fortran ? elements : 1
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (fortran) stride /= shape[axis]!
      stored += (left % shape[axis]!) * stride
      if (!fortran) stride *= shape[axis]!
      left = Math.floor(left / shape[axis]!)
    }
    if (big) data.writeInt32BE(index, stored * 4)
    else data.writeInt32LE(index, stored * 4)
  }
  const header = formatHeader('int32', shape).toString('latin1')
  const described = header
    .replace("'<i4'", big ? "'>i4'" : "'<i4'")
    .replace("'fortran_order': False", fortran ? "'fortran_order': True " : "'fortran_order': False")
  return Buffer.concat([Buffer.from(described, 'latin1'), data])
}

function valuesOf(
  shape: readonly number[],
  { start, count }: { start: readonly number[]; count: readonly number[] },
): number[] {
  let places = [0]
  for (const [axis, size] of shape.entries())
    places = places.flatMap((place) =>
      Array.from({ length: count[axis]! }, (_, index) => place * size + start[axis]! + index),
    )
  return places
}

test.run()
