import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { copyRegion } from './copy-region.js'
import { allocate, DTYPES, type Dtype, type TypedArray } from './dtype.js'

const test = suite('copy region')

type Region = { readonly data: TypedArray; readonly shape: readonly number[] }

const product = (sizes: readonly number[]): number => sizes.reduce((left, right) => left * right, 1)

/** Elements of differing bytes, none of them a NaN, whose bits a copy by value may change. */
function region(dtype: Dtype, shape: readonly number[]): Region {
  const data = allocate(dtype, product(shape))
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  for (let index = 0; index < bytes.length; index++) bytes[index] = Math.imul(index + 1, 0x9e3779b1) >>> 26
  return { data, shape }
}

/** Element by element. */
function copySlowly(source: Region, from: number[], target: Region, to: number[], size: number[]): void {
  const at = ({ shape }: Region, [c, z, y, x]: number[]): number =>
    ((c! * shape.at(-3)! + z!) * shape.at(-2)! + y!) * shape.at(-1)! + x!
  const channels = ({ shape }: Region): number => (shape.length === 4 ? shape[0]! : 1)
  for (let c = 0; c < Math.min(channels(source), channels(target)); c++)
    for (let z = 0; z < size[0]!; z++)
      for (let y = 0; y < size[1]!; y++)
        for (let x = 0; x < size[2]!; x++)
          target.data[at(target, [c, to[0]! + z, to[1]! + y, to[2]! + x])] = source.data[
            at(source, [c, from[0]! + z, from[1]! + y, from[2]! + x])
          ] as never
}

test('copies a box of one channel', () => {
  const source = { data: Uint8Array.from({ length: 24 }, (_, index) => index), shape: [2, 3, 4] }
  const target = { data: new Uint8Array(16), shape: [2, 2, 4] }
  copyRegion(source, [1, 1, 0], target, [0, 0, 0], [1, 2, 4])
  assert.equal([...target.data], [16, 17, 18, 19, 20, 21, 22, 23, ...Array(8).fill(0)])
})

test('copies every element type, rows short and long, aligned to words or not', () => {
  const axis = (longest: number) =>
    fc.record({
      size: fc.integer({ min: 1, max: longest }),
      before: fc.oneof(fc.constant(0), fc.constant(8), fc.integer({ min: 0, max: 9 })),
      after: fc.oneof(fc.constant(0), fc.constant(8), fc.integer({ min: 0, max: 9 })),
      room: fc.oneof(fc.constant(0), fc.constant(8), fc.integer({ min: 0, max: 9 })),
    })
  fc.assert(
    fc.property(
      fc.tuple(axis(3), axis(4), axis(300)),
      fc.constantFrom<Dtype>('uint8', 'int16', 'float16', 'float32', 'float64', 'uint64'),
      fc.integer({ min: 1, max: 3 }),
      (axes, dtype, channels) => {
        const size = axes.map((each) => each.size)
        const [from, to] = [axes.map(({ before }) => before), axes.map(({ after }) => after)]
        const shapeWith = (starts: number[]): number[] =>
          axes.map((each, index) => each.size + each.room + starts[index]!)
        const source = region(dtype, [channels, ...shapeWith(from)])
        const make = (): Region => region(dtype, [channels + 1, ...shapeWith(to)])
        const [ours, expected] = [make(), make()]
        copyRegion(source, from as never, ours, to as never, size as never)
        copySlowly(source, from, expected, to, size)
        const bytes = ({ data }: Region) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
        assert.ok(bytes(ours).equals(bytes(expected)))
      },
    ),
    { numRuns: 300 },
  )
})

test('works on views that do not begin at a word', () => {
  const memory = new SharedArrayBuffer(65)
  const data = new DTYPES.uint8.array(memory, 1, 64)
  for (let index = 0; index < data.length; index++) data[index] = index
  const target = { data: new Uint8Array(64), shape: [4, 4, 4] }
  copyRegion({ data, shape: [4, 4, 4] }, [0, 0, 0], target, [0, 0, 0], [4, 4, 4])
  assert.equal([...target.data], [...data])
})

test.run()
