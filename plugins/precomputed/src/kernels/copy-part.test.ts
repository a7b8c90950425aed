import { allocate, copyRegion, DTYPES, type Dtype, type Zyx } from '@chunkflow/sdk'
import { rampChunk, seededRandom } from '@chunkflow/sdk/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { copyPart } from './copy-part.js'

const test = suite('copy part')

test('copies a box of one channel', () => {
  const source = { data: Uint8Array.from({ length: 24 }, (_, index) => index), shape: [2, 3, 4] }
  const target = { data: new Uint8Array(16), shape: [2, 2, 4] }
  copyPart(source, [1, 1, 0], target, [0, 0, 0], [1, 2, 4])
  assert.equal([...target.data], [16, 17, 18, 19, 20, 21, 22, 23, ...Array(8).fill(0)])
})

test('copies what copyRegion copies, aligned to words or not', () => {
  const size = fc.integer({ min: 1, max: 9 })
  const sizes = fc.tuple(size, size, fc.integer({ min: 1, max: 80 }))
  const dtypes = fc.constantFrom<Dtype>('uint8', 'int16', 'float32', 'uint64')
  const numbers = fc.tuple(sizes, sizes, sizes, dtypes, fc.integer({ min: 1, max: 3 }), fc.integer())
  fc.assert(
    fc.property(numbers, ([size, before, after, dtype, channels, seed]) => {
      const random = seededRandom(seed)
      const startIn = (room: Zyx): Zyx =>
        room.map((value) => (random() < 0.5 ? 0 : Math.floor(random() * (value + 1)))) as unknown as Zyx
      const shapeFor = (room: Zyx): number[] => [channels, ...size.map((value, axis) => value + room[axis]!)]
      const source = rampChunk(shapeFor(before), { dtype })
      const [from, to] = [startIn(before), startIn(after)]
      const shape = shapeFor(after)
      const make = () => ({
        data: allocate(
          dtype,
          shape.reduce((left, right) => left * right, 1),
        ),
        shape,
      })
      const [ours, theirs] = [make(), make()]
      copyPart(source, from, ours, to, size)
      copyRegion(source, from, theirs, to, size)
      assert.equal(ours.data, theirs.data)
    }),
    { numRuns: 300 },
  )
})

test('works on views that do not begin at a word', () => {
  const memory = new SharedArrayBuffer(65)
  const data = new DTYPES.uint8.array(memory, 1, 64)
  for (let index = 0; index < data.length; index++) data[index] = index
  const target = { data: new Uint8Array(64), shape: [4, 4, 4] }
  copyPart({ data, shape: [4, 4, 4] }, [0, 0, 0], target, [0, 0, 0], [4, 4, 4])
  assert.equal([...target.data], [...data])
})

test.run()
