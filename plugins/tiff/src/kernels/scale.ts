import { type Dtype, decodeFloat16 } from '@chunkflow/sdk'

/**
 * 255 v of floats in [0, 1], truncated. Single precision rounds the product to single precision first, as NumPy does.
 * @param values in float16 the bits
 */
export function scaleToBytes(values: Float32Array | Float64Array | Uint16Array, dtype: Dtype): Uint8Array {
  const numbers = dtype === 'float16' ? new Float32Array(values.length) : (values as Float32Array)
  if (dtype === 'float16') decodeFloat16(values as Uint16Array, numbers)
  const bytes = new Uint8Array(values.length)
  if (dtype === 'float64') for (let i = 0; i < bytes.length; i++) bytes[i] = 255 * numbers[i]!
  else for (let i = 0; i < bytes.length; i++) bytes[i] = Math.fround(255 * numbers[i]!)
  return bytes
}

/** True when every value lies in [0, 1]; NaN does not. */
export function isUnitRange(values: Float32Array | Float64Array | Uint16Array, dtype: Dtype): boolean {
  // positive half floats are ordered as their bits; -0 is 0
  if (dtype === 'float16') return (values as Uint16Array).every((bits) => bits <= 0x3c00 || bits === 0x8000)
  return (values as Float32Array).every((value) => value >= 0 && value <= 1)
}
