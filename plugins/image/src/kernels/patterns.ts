import { allocate, productZyx, type TypedArray, type Zyx } from '@chunkflow/sdk'

/**
 * Rows of |sin(4 (u(z) + u(y) + u(x)))| with u running from 0 to 1 along an axis (0 for one voxel): specification 2.6.
 * `visit` gets the row's values (used again for the next row) and the index of its first voxel.
 */
function forEachSineRow(size: Zyx, visit: (row: Float64Array, start: number) => void): void {
  const [z, y, x] = size.map(anglesOf) as [Float64Array, Float64Array, Float64Array]
  // sin(a + b) from the sines and cosines of a row's start and of x: a sine per voxel costs three times as much
  const sines = x.map(Math.sin)
  const cosines = x.map(Math.cos)
  const row = new Float64Array(x.length)
  let start = 0
  for (const section of z)
    for (const line of y) {
      const sine = Math.sin(section + line)
      const cosine = Math.cos(section + line)
      for (let index = 0; index < row.length; index++)
        row[index] = Math.abs(sine * cosines[index]! + cosine * sines[index]!)
      visit(row, start)
      start += row.length
    }
}

const anglesOf = (length: number): Float64Array =>
  Float64Array.from({ length }, (_, index) => (length === 1 ? 0 : (4 * index) / (length - 1)))

/** floor(255 |sin|). */
export function sineBytes(size: Zyx): Uint8Array {
  const data = allocate('uint8', productZyx(size)) as Uint8Array
  forEachSineRow(size, (row, start) => {
    for (let index = 0; index < row.length; index++) data[start + index] = 255 * row[index]!
  })
  return data
}

/** 1 where |sin| exceeds one half: what the labels of the pattern are components of. */
export function sineMask(size: Zyx): Uint8Array {
  const data = allocate('uint8', productZyx(size)) as Uint8Array
  forEachSineRow(size, (row, start) => {
    for (let index = 0; index < row.length; index++) data[start + index] = row[index]! > 0.5 ? 1 : 0
  })
  return data
}

export function sineFloats(size: Zyx, dtype: 'float32' | 'float64'): TypedArray {
  const data = allocate(dtype, productZyx(size)) as Float64Array
  forEachSineRow(size, (row, start) => data.set(row, start))
  return data
}

/** Whole numbers from 0 to 254. @param seed the same numbers for the same seed; without, others each time */
export function randomBytes(size: Zyx, seed: number | undefined): Uint8Array {
  const random = randomSource(seed)
  const data = allocate('uint8', productZyx(size)) as Uint8Array
  for (let index = 0; index < data.length; index++) data[index] = 255 * random()
  return data
}

/** Numbers in [0, 1). @param seed as of randomBytes */
export function randomFloats(size: Zyx, dtype: 'float32' | 'float64', seed: number | undefined): TypedArray {
  const random = randomSource(seed)
  const data = allocate(dtype, productZyx(size)) as Float64Array
  for (let index = 0; index < data.length; index++) data[index] = random()
  return data
}

/** mulberry32 (T. Ettinger) with 24 bits, so that float32 never rounds up to 1; without a seed the system's generator. */
function randomSource(seed: number | undefined): () => number {
  if (seed === undefined) return () => Math.floor(Math.random() * 2 ** 24) / 2 ** 24
  // both halves of seeds beyond 32 bits count
  let state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 8) / 2 ** 24
  }
}
