import { numberToFloat16 } from '@chunkflow/sdk'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeLzw } from './lzw.js'
import { decodePackBits, encodePackBits } from './pack-bits.js'
import { swapBytes, undoDifferences, undoFloatDifferences, unpackBits } from './samples.js'
import { isUnitRange, scaleToBytes } from './scale.js'

const test = suite('tiff kernels')

test('swaps the bytes of 2, 4 and 8 byte samples', () => {
  const swapped = (size: number): number[] => {
    const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])
    swapBytes(bytes, size)
    return [...bytes]
  }
  assert.equal(swapped(1), [1, 2, 3, 4, 5, 6, 7, 8])
  assert.equal(swapped(2), [2, 1, 4, 3, 6, 5, 8, 7])
  assert.equal(swapped(4), [4, 3, 2, 1, 8, 7, 6, 5])
  assert.equal(swapped(8), [8, 7, 6, 5, 4, 3, 2, 1])
})

test('adds differences along rows, channel by channel, wrapping', () => {
  const grey = Uint8Array.from([10, 1, 255, 200, 100, 0])
  undoDifferences(grey, { rows: 2, rowSamples: 3, channels: 1, bytesPerSample: 1 })
  assert.equal([...grey], [10, 11, 10, 200, 44, 44])
  const colour = Uint8Array.from([1, 2, 3, 10, 20, 30])
  undoDifferences(colour, { rows: 1, rowSamples: 6, channels: 3, bytesPerSample: 1 })
  assert.equal([...colour], [1, 2, 3, 11, 22, 33])
  const ids = BigUint64Array.from([2n ** 63n, 1n, 2n ** 64n - 2n])
  undoDifferences(new Uint8Array(ids.buffer), { rows: 1, rowSamples: 3, channels: 1, bytesPerSample: 8 })
  assert.equal([...ids], [2n ** 63n, 2n ** 63n + 1n, 2n ** 63n - 1n])
})

test('undoes the floating point predictor of two float32', () => {
  // 1 = 3f800000, -2 = c0000000: most significant bytes first, then byte differences
  const planes = [0x3f, 0xc0, 0x80, 0, 0, 0, 0, 0]
  const stored = Uint8Array.from(planes, (byte, index) => byte - (planes[index - 1] ?? 0))
  undoFloatDifferences(stored, { rows: 1, rowSamples: 2, channels: 1, bytesPerSample: 4 })
  assert.equal([...new Float32Array(stored.buffer)], [1, -2])
})

test('unpacks 1, 4 and 12 bits, rows starting at whole bytes', () => {
  assert.equal([...unpackBits(Uint8Array.from([0b10110000, 0b01100000]), 2, 3, 1)], [1, 0, 1, 0, 1, 1])
  assert.equal([...unpackBits(Uint8Array.from([0x12, 0x30]), 1, 3, 4)], [1, 2, 3])
  const twelve = unpackBits(Uint8Array.from([0x12, 0x3a, 0xbc, 0xff, 0xf0]), 1, 3, 12)
  assert.equal([...new Uint16Array(twelve.buffer)], [0x123, 0xabc, 0xfff])
})

test('PackBits: the example of the TIFF specification', () => {
  // TIFF 6.0, section 9: fe aa, 02 80 00 2a, fd aa, 03 80 00 2a 22, f7 aa
  const packed = Uint8Array.from([254, 170, 2, 128, 0, 42, 253, 170, 3, 128, 0, 42, 34, 247, 170])
  const bytes = [170, 170, 170, 128, 0, 42, 170, 170, 170, 170, 128, 0, 42, 34, ...new Array(10).fill(170)]
  assert.equal([...decodePackBits(packed, 24)!], bytes)
  assert.equal([...encodePackBits(Uint8Array.from(bytes), 24)], [...packed])
  assert.is(decodePackBits(packed, 25), null)
  assert.is(decodePackBits(packed.subarray(0, 9), 24), null)
  assert.equal([...decodePackBits(Uint8Array.from([128, 0, 7]), 1)!], [7])
})

test('PackBits gives back what it packed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 900 }),
      fc.integer({ min: 1, max: 300 }),
      (values, rowBytes) => {
        const bytes = Uint8Array.from(values)
        const unpacked = decodePackBits(encodePackBits(bytes, rowBytes), bytes.length)
        assert.equal([...unpacked!], values)
      },
    ),
  )
})

/** Codes of 9 bits. */
function nineBits(codes: readonly number[]): Uint8Array {
  const text = codes.map((code) => code.toString(2).padStart(9, '0')).join('')
  return Uint8Array.from({ length: Math.ceil(text.length / 8) }, (_, byte) =>
    Number.parseInt(text.slice(byte * 8, byte * 8 + 8).padEnd(8, '0'), 2),
  )
}

test('LZW: the example of the TIFF specification', () => {
  // section 13: 7 7 7 8 8 7 7 6 6; code 258 is used as soon as it is made
  const codes = nineBits([256, 7, 258, 8, 8, 258, 6, 6, 257])
  assert.equal([...decodeLzw(codes, 9)], [7, 7, 7, 8, 8, 7, 7, 6, 6])
  assert.equal([...decodeLzw(codes, 5)], [7, 7, 7, 8, 8])
  assert.throws(() => decodeLzw(codes, 10), /end after 9 of 10/)
  assert.throws(() => decodeLzw(codes.subarray(0, 4), 9), /end after/)
  assert.throws(() => decodeLzw(nineBits([256, 7, 300]), 9), /not defined/)
})

test('scales by 255 and truncates; NaN and values outside are no unit range', () => {
  assert.equal([...scaleToBytes(Float32Array.from([0, 0.5, 0.999, 1]), 'float32')], [0, 127, 254, 255])
  // the product is rounded to single precision first: 0.6 gives 153, not 152
  assert.equal([...scaleToBytes(Float32Array.from([0.6]), 'float32')], [153])
  assert.equal([...scaleToBytes(Float64Array.from([0.6, 0.0039]), 'float64')], [153, 0])
  const halves = Uint16Array.from([0, 0.5, 1], numberToFloat16)
  assert.equal([...scaleToBytes(halves, 'float16')], [0, 127, 255])
  assert.ok(isUnitRange(halves, 'float16') && isUnitRange(Float32Array.from([0, 1]), 'float32'))
  for (const outside of [-0.001, 1.001, Number.NaN]) {
    assert.not.ok(isUnitRange(Float32Array.from([outside]), 'float32'))
    assert.not.ok(isUnitRange(Uint16Array.of(numberToFloat16(outside)), 'float16'))
  }
})

test.run()
