import type { Zyx } from '@chunkflow/sdk'

/**
 * Squared distances, in voxels, from each voxel of a small block to the nearest one outside a mask; exact. Infinite where the
 * mask is everything; beyond the block nothing is known and nothing counts. Felzenszwalb and Huttenlocher (2012): the lower
 * envelope of parabolas, along one axis after the other.
 * @param inside one byte a voxel, 0 outside
 */
export function squaredDepths(inside: Uint8Array, [depth, height, width]: Zyx): Float64Array {
  const squares = Float64Array.from(inside, (value) => (value === 0 ? 0 : Infinity))
  const scratch = createScratch(Math.max(depth, height, width))
  const plane = height * width
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) transformLine(squares, z * plane + y * width, 1, width, scratch)
  for (let z = 0; z < depth; z++)
    for (let x = 0; x < width; x++) transformLine(squares, z * plane + x, width, height, scratch)
  for (let place = 0; place < plane; place++) transformLine(squares, place, plane, depth, scratch)
  return squares
}

interface Scratch {
  readonly heights: Float64Array
  /** Places of the parabolas of the envelope, and where each begins to be the lowest. */
  readonly places: Int32Array
  readonly from: Float64Array
}

const createScratch = (length: number): Scratch => ({
  heights: new Float64Array(length),
  places: new Int32Array(length),
  from: new Float64Array(length),
})

/** Replaces a line of squared distances by the lower envelope of the parabolas that stand on them. */
function transformLine(
  values: Float64Array,
  first: number,
  step: number,
  length: number,
  { heights, places, from }: Scratch,
): void {
  let count = 0
  for (let place = 0; place < length; place++) {
    const height = values[first + place * step]!
    heights[place] = height
    if (height === Infinity) continue
    let start = -Infinity
    while (count > 0) {
      const other = places[count - 1]!
      start = (height + place * place - heights[other]! - other * other) / (2 * (place - other))
      if (start > from[count - 1]!) break
      count--
      start = -Infinity
    }
    places[count] = place
    from[count++] = start
  }
  if (count === 0) return
  let parabola = 0
  for (let place = 0; place < length; place++) {
    while (parabola + 1 < count && from[parabola + 1]! < place) parabola++
    const distance = place - places[parabola]!
    values[first + place * step] = heights[places[parabola]!]! + distance * distance
  }
}
