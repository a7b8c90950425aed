import { type Chunk, channelCount, channelOf, isFloat, spatialSize } from '@chunkflow/sdk'
import { binarise } from './mask-voxels.js'

/** Side of the square templates. */
const SIDE = 7
const VOXELS = 2 * SIDE * SIDE
const CORRELATION = 0.9
const POSITIONS_PER_VOTE = 100
const MOST_VOTES = 4

/**
 * Looks for a box of zeros with sharp faces, as lost blocks leave it (specification 6.10). The chunk is binarised and compared with six
 * templates of two 7×7 planes, one set and one not, along each axis and both ways; a template with normalised cross-correlation above
 * 0.9 at more than 100 positions votes, and more than 4 votes are a box. Floats always pass.
 */
export function hasBlackBox(chunk: Chunk): boolean {
  if (isFloat(chunk.dtype)) return false
  for (let channel = 0; channel < channelCount(chunk); channel++) {
    const { data, dtype } = channelOf(chunk, channel)
    if (countVotes(binarise({ data, dtype }, false), spatialSize(chunk)) > MOST_VOTES) return true
  }
  return false
}

function countVotes(bits: Uint8Array, [sizeZ, sizeY, sizeX]: readonly number[]): number {
  const z = { size: sizeZ!, stride: sizeY! * sizeX! }
  const y = { size: sizeY!, stride: sizeX! }
  const x = { size: sizeX!, stride: 1 }
  return votesAlong(bits, z, y, x) + votesAlong(bits, y, z, x) + votesAlong(bits, x, z, y)
}

interface Axis {
  readonly size: number
  readonly stride: number
}

/** Votes of the two templates whose planes follow each other along `axis`. */
function votesAlong(bits: Uint8Array, axis: Axis, rows: Axis, columns: Axis): number {
  const height = rows.size - SIDE + 1
  const width = columns.size - SIDE + 1
  if (height <= 0 || width <= 0) return 0
  let previous = new Float64Array(height * width)
  let current = new Float64Array(height * width)
  let falling = 0
  let rising = 0
  for (let plane = 0; plane < axis.size; plane++) {
    squareSums(bits, plane * axis.stride, rows, columns, current)
    if (plane > 0)
      for (let index = 0; index < current.length; index++) {
        const correlation = correlate(previous[index]!, current[index]!)
        if (correlation > CORRELATION) falling += 1
        else if (correlation < -CORRELATION) rising += 1
      }
    const swapped = previous
    previous = current
    current = swapped
  }
  return Number(falling > POSITIONS_PER_VOTE) + Number(rising > POSITIONS_PER_VOTE)
}

/** Normalised cross-correlation of a binary window with the template "first plane set, second not", from the planes' sums. */
function correlate(first: number, second: number): number {
  const sum = first + second
  const variance = sum - (sum * sum) / VOXELS
  return variance === 0 ? 0 : (0.5 * (first - second)) / Math.sqrt((VOXELS / 4) * variance)
}

/** Sums over all 7×7 squares of a plane, by a summed-area table. */
function squareSums(bits: Uint8Array, start: number, rows: Axis, columns: Axis, sums: Float64Array): void {
  const stride = columns.size + 1
  const table = new Float64Array((rows.size + 1) * stride)
  for (let row = 0; row < rows.size; row++) {
    let running = 0
    for (let column = 0; column < columns.size; column++) {
      running += bits[start + row * rows.stride + column * columns.stride]!
      table[(row + 1) * stride + column + 1] = table[row * stride + column + 1]! + running
    }
  }
  const width = columns.size - SIDE + 1
  for (let row = 0; row + SIDE <= rows.size; row++)
    for (let column = 0; column < width; column++)
      sums[row * width + column] =
        table[(row + SIDE) * stride + column + SIDE]! -
        table[row * stride + column + SIDE]! -
        table[(row + SIDE) * stride + column]! +
        table[row * stride + column]!
}
