import { allocate, type TypedArray, type Zyx } from '@chunkflow/sdk'

/**
 * |sin(4 (u(z) + u(y) + u(x)))| with u running from 0 to 1 along an axis (0 for one voxel): specification 2.6.
 * Calls `visit` with every voxel's index and value, x fastest.
 */
export function forEachSine(
  [depth, height, width]: Zyx,
  visit: (index: number, value: number) => void,
): void {
  const ramp = (length: number): Float64Array =>
    Float64Array.from({ length }, (_, index) => (length === 1 ? 0 : index / (length - 1)))
  const [z, y, x] = [ramp(depth), ramp(height), ramp(width)]
  let index = 0
  for (let i = 0; i < depth; i++)
    for (let j = 0; j < height; j++) {
      const row = z[i]! + y[j]!
      for (let k = 0; k < width; k++) visit(index++, Math.abs(Math.sin(4 * (row + x[k]!))))
    }
}

/** floor(255 |sin|). */
export function sineBytes(size: Zyx): Uint8Array {
  const data = allocate('uint8', size[0] * size[1] * size[2]) as Uint8Array
  forEachSine(size, (index, value) => {
    data[index] = Math.floor(255 * value)
  })
  return data
}

/** 1 where |sin| exceeds one half: what the labels of the pattern are components of. */
export function sineMask(size: Zyx): Uint8Array {
  const data = allocate('uint8', size[0] * size[1] * size[2]) as Uint8Array
  forEachSine(size, (index, value) => {
    data[index] = value > 0.5 ? 1 : 0
  })
  return data
}

export function sineFloats(size: Zyx, dtype: 'float32' | 'float64'): TypedArray {
  const data = allocate(dtype, size[0] * size[1] * size[2]) as Float64Array
  forEachSine(size, (index, value) => {
    data[index] = value
  })
  return data
}

/** Numbers in [0, 1): the same for the same seed (mulberry32), otherwise from the system. */
export function randomSource(seed: number | undefined): () => number {
  if (seed === undefined) return Math.random
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
