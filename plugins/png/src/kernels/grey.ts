import { DTYPES, type Dtype, decodeFloat16, isBigDtype, isFloat, type TypedArray } from '@chunkflow/sdk'

export type GreyArray = Uint8Array | Uint16Array

/** Interleaved samples to those of the first channel. */
export function firstChannel(samples: GreyArray, channels: number): GreyArray {
  if (channels === 1) return samples
  const first = samples.slice(0, samples.length / channels)
  for (let pixel = 0; pixel < first.length; pixel++) first[pixel] = samples[pixel * channels]!
  return first
}

/** Pixels of 1, 2 or 4 bits, most significant first, rows starting at whole bytes, as one byte each. */
export function unpackPixels(bytes: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const pixels = new Uint8Array(width * height)
  const rowBytes = Math.ceil((width * depth) / 8)
  const mask = (1 << depth) - 1
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * depth
      pixels[y * width + x] = (bytes[y * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask
    }
  return pixels
}

/** How values become grey values: as they are, or from [0, 1] to the whole range. */
export type GreyScaling = 'none' | 'unit'

/**
 * The scaling that fits all values into grey values up to `maximum`; null when none does. Floats in [0, 1] are scaled, others taken
 * as numbers; NaN fits nowhere.
 */
export function greyScaling(values: TypedArray, dtype: Dtype, maximum: number): GreyScaling | null {
  if (isFloat(dtype)) {
    const { low, high } = floatRange(values, dtype)
    if (low >= 0 && high <= 1) return 'unit'
    return low >= 0 && high <= maximum ? 'none' : null
  }
  const info = DTYPES[dtype]
  if (info.minimum! >= 0n && info.maximum! <= BigInt(maximum)) return 'none'
  const fits = isBigDtype(dtype)
    ? (values as BigInt64Array).every((value) => value >= 0n && value <= maximum)
    : (values as Int32Array).every((value) => value >= 0 && value <= maximum)
  return fits ? 'none' : null
}

/** NaN when a value is. */
function floatRange(values: TypedArray, dtype: Dtype): { low: number; high: number } {
  const numbers = toNumbers(values, dtype)
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let index = 0; index < numbers.length; index++) {
    const value = numbers[index]!
    if (Number.isNaN(value)) return { low: value, high: value }
    if (value < low) low = value
    if (value > high) high = value
  }
  return { low, high }
}

function toNumbers(values: TypedArray, dtype: Dtype): Float32Array | Float64Array {
  if (dtype !== 'float16') return values as Float32Array
  const numbers = new Float32Array(values.length)
  decodeFloat16(values as Uint16Array, numbers)
  return numbers
}

/** Values that fit, see {@link greyScaling}, as grey values; fractions are cut off. Single precision rounds before, as NumPy does. */
export function toGrey(
  values: TypedArray,
  dtype: Dtype,
  maximum: 255 | 65535,
  scaling: GreyScaling,
): GreyArray {
  const grey = maximum === 255 ? new Uint8Array(values.length) : new Uint16Array(values.length)
  if (isBigDtype(dtype)) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
    for (let index = 0; index < grey.length; index++) grey[index] = words[2 * index]!
    return grey
  }
  if (!isFloat(dtype)) {
    grey.set(values as Uint8Array)
    return grey
  }
  const numbers = toNumbers(values, dtype)
  const factor = scaling === 'unit' ? maximum : 1
  if (dtype === 'float64') for (let i = 0; i < grey.length; i++) grey[i] = numbers[i]! * factor
  else for (let i = 0; i < grey.length; i++) grey[i] = Math.fround(numbers[i]! * factor)
  return grey
}

/** Element-wise mean of two float arrays. */
export function meanOf(left: Float32Array, right: Float32Array): Float32Array {
  const mean = new Float32Array(left.length)
  for (let index = 0; index < mean.length; index++) mean[index] = (left[index]! + right[index]!) / 2
  return mean
}
