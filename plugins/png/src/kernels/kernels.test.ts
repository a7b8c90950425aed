import { createChunk, numberToFloat16 } from '@chunkflow/sdk'
import { labelColor } from '@chunkflow/sdk/numerics'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { firstChannel, greyScaling, meanOf, toGrey, unpackPixels } from './grey.js'
import { gridOf, type Picture, scalePicture } from './picture.js'
import { blendLabels, drawSlice, type Slice } from './slices.js'

const test = suite('png kernels')

test('takes the first channel and unpacks small pixels', () => {
  assert.equal([...firstChannel(Uint8Array.from([1, 2, 3, 4, 5, 6]), 3)], [1, 4])
  assert.equal([...unpackPixels(Uint8Array.from([0b10100000, 0b01000000]), 3, 2, 1)], [1, 0, 1, 0, 1, 0])
  assert.equal([...unpackPixels(Uint8Array.from([0b00011011]), 4, 1, 2)], [0, 1, 2, 3])
})

test('chooses how values become grey', () => {
  assert.is(greyScaling(Float32Array.from([0, 1]), 'float32', 255), 'unit')
  assert.is(greyScaling(Float32Array.from([0, 200.5]), 'float32', 255), 'none')
  assert.is(greyScaling(Float32Array.from([0, 256]), 'float32', 255), null)
  assert.is(greyScaling(Float32Array.from([-0.1, 0]), 'float32', 255), null)
  assert.is(greyScaling(Float32Array.from([0, Number.NaN]), 'float32', 255), null)
  assert.is(greyScaling(Uint16Array.from([0, 1].map(numberToFloat16)), 'float16', 255), 'unit')
  assert.is(greyScaling(Uint16Array.from([255]), 'uint16', 255), 'none')
  assert.is(greyScaling(Uint16Array.from([256]), 'uint16', 255), null)
  assert.is(greyScaling(Int8Array.from([-1]), 'int8', 255), null)
  assert.is(greyScaling(BigUint64Array.from([255n]), 'uint64', 255), 'none')
  // as a rounded number it would look like 0 in its low bits
  assert.is(greyScaling(BigUint64Array.from([2n ** 32n]), 'uint64', 255), null)
})

test('makes grey values', () => {
  assert.equal([...toGrey(Float32Array.from([0, 0.5, 1]), 'float32', 255, 'unit')], [0, 127, 255])
  assert.equal([...toGrey(Float64Array.from([0.5]), 'float64', 65535, 'unit')], [32767])
  assert.equal([...toGrey(Float32Array.from([3.9]), 'float32', 255, 'none')], [3])
  assert.equal([...toGrey(BigUint64Array.from([7n, 255n]), 'uint64', 255, 'none')], [7, 255])
  assert.equal([...toGrey(Uint16Array.from([7, 300]), 'uint16', 65535, 'none')], [7, 300])
  assert.equal([...meanOf(Float32Array.from([0, 1]), Float32Array.from([1, 1]))], [0.5, 1])
})

const grey = (picture: Picture): number[] => Array.from(picture.rgb).filter((_, index) => index % 3 === 0)
const flat = (width: number, height: number, value: number): Picture => ({
  width,
  height,
  rgb: new Uint8Array(width * height * 3).fill(value),
})

test('scales by the nearest pixel', () => {
  const picture = { width: 2, height: 1, rgb: Uint8Array.from([1, 1, 1, 2, 2, 2]) }
  assert.equal(grey(scalePicture(picture, 4, 2)), [1, 1, 2, 2, 1, 1, 2, 2])
  assert.equal(grey(scalePicture(picture, 1, 1)), [2])
})

test('lays pictures out in a grid', () => {
  const grid = gridOf([flat(2, 1, 1), flat(1, 2, 2), flat(1, 1, 3)], 2, 1)
  assert.equal([grid.width, grid.height], [4, 4])
  const w = 255
  assert.equal(grey(grid), [1, 1, w, 2, w, w, w, 2, w, w, w, w, 3, w, w, w])
})

const placed = { voxelOffset: [10, 20, 30], voxelSize: [40, 8, 4] } as const
const XY: Slice = { across: 2, down: 1, normal: 0, at: 11 }

test('draws each plane of a volume with its own axes', () => {
  const chunk = createChunk(
    Uint8Array.from({ length: 24 }, (_, index) => index),
    [2, 3, 4],
    placed,
  )
  const window = { low: 0, high: 255 }
  assert.equal(grey(drawSlice(chunk, XY, window)), [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23])
  const xz: Slice = { across: 2, down: 0, normal: 1, at: 22 }
  assert.equal(grey(drawSlice(chunk, xz, window)), [8, 9, 10, 11, 20, 21, 22, 23])
  const yz: Slice = { across: 1, down: 0, normal: 2, at: 30 }
  assert.equal(grey(drawSlice(chunk, yz, window)), [0, 4, 8, 12, 16, 20])
  assert.equal(grey(drawSlice(chunk, yz, { low: 4, high: 14 })), [0, 0, 102, 204, 255, 255])
})

test('shows three channels as red, green and blue, NaN as black', () => {
  const chunk = createChunk(Float32Array.from([0, 1, 0.5, Number.NaN, 2, -1]), [3, 1, 1, 2])
  const slice: Slice = { ...XY, at: 0 }
  assert.equal([...drawSlice(chunk, slice, { low: 0, high: 1 }).rgb], [0, 128, 255, 255, 0, 0])
})

test('blends labels where they lie, 0 and what is outside untouched', () => {
  const labels = createChunk(BigUint64Array.from([0n, 2n ** 40n, 5n, 5n]), [1, 2, 2], {
    voxelOffset: [11, 21, 32],
  })
  const picture = flat(4, 3, 100)
  blendLabels(picture, [10, 20, 30], labels, XY, 0.5)
  const at = (x: number, y: number): number[] => [
    ...picture.rgb.subarray((y * 4 + x) * 3, (y * 4 + x) * 3 + 3),
  ]
  const blended = (low: number, high: number): number[] =>
    [0, 8, 16].map((shift) => Math.round((100 + ((labelColor(low, high) >>> shift) & 0xff)) / 2))
  assert.equal(at(2, 1), [100, 100, 100])
  assert.equal(at(3, 1), blended(0, 256))
  assert.equal(at(2, 2), blended(5, 0))
  assert.equal(at(0, 0), [100, 100, 100])
  const before = [...picture.rgb]
  blendLabels(picture, [10, 20, 30], labels, { ...XY, at: 10 }, 0.5)
  assert.equal([...picture.rgb], before)
})

test('labels have stable, bright colours of 64 bits', () => {
  assert.is(labelColor(1, 0), labelColor(1, 0))
  assert.is.not(labelColor(1, 0), labelColor(1, 1))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(), (low, high) => {
      const color = labelColor(low, high)
      const brightest = Math.max(color & 0xff, (color >>> 8) & 0xff, color >>> 16)
      assert.ok(brightest >= 191 && brightest <= 255)
    }),
  )
  const colors = new Set(Array.from({ length: 1000 }, (_, label) => labelColor(label, 0)))
  assert.ok(colors.size > 950, `${colors.size} colours of 1000`)
})

test('one id has one colour in every type', () => {
  const draw = (data: Uint8Array | Int32Array | BigInt64Array): number[] => {
    const picture = flat(1, 1, 0)
    blendLabels(picture, [0, 0, 0], createChunk(data, [1, 1, 1]), { ...XY, at: 0 }, 1)
    return [...picture.rgb]
  }
  assert.equal(draw(Uint8Array.of(9)), draw(BigInt64Array.of(9n)))
  assert.equal(draw(Int32Array.of(-9)), draw(BigInt64Array.of(-9n)))
})

test.run()
