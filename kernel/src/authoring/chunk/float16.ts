/**
 * IEEE 754 binary16. The conversion from binary32 rounds half to even, as NumPy and hardware do.
 */

/** The value of 16 bits. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const scratchFloat = new Float64Array(1)
const scratchBits = new BigUint64Array(scratchFloat.buffer)

/** The 16 bits nearest to a number, ties to even; overflow gives infinity. */
export function numberToFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  scratchFloat[0] = value
  const sign = scratchBits[0]! >> 63n ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (magnitude >= 65520) return sign | 0x7c00
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24)
  const exponent = Math.min(15, Math.floor(Math.log2(magnitude)))
  // log2 may be one off at powers of two; bring the mantissa into [1, 2)
  let power = exponent
  if (magnitude < 2 ** power) power -= 1
  else if (magnitude >= 2 ** (power + 1)) power += 1
  const mantissa = roundHalfEven((magnitude / 2 ** power - 1) * 1024)
  return sign | (((power + 15) << 10) + mantissa)
}

/** Rounds to the nearest integer, ties to even, for 0 <= value < 2^52. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1
  return floor
}

/** Decodes `bits` into `out` (same length). */
export function decodeFloat16(bits: Uint16Array, out: Float32Array | Float64Array): void {
  for (let index = 0; index < bits.length; index++) out[index] = float16ToNumber(bits[index]!)
}
