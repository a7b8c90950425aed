import type { TypedArray } from './dtype.js'
import type { Zyx } from './triple.js'

/** Rows up to this are copied word by word: making a view for each of them takes longer. */
const LONGEST_ROW_BYTES = 256

/** Channels, z, y, x in one array; three sizes are one channel. */
interface Region {
  readonly data: TypedArray
  readonly shape: readonly number[]
}

/** Copies `size` voxels of all common channels between two arrays of one dtype. Starts are array indices. */
export function copyRegion(
  source: Region,
  sourceStart: Zyx,
  target: Region,
  targetStart: Zyx,
  size: Zyx,
): void {
  const from = stridesOf(source, sourceStart)
  const to = stridesOf(target, targetStart)
  // whole rows follow each other in both: those of a plane are one
  const isWhole = from.sizeX === size[2] && to.sizeX === size[2]
  const rows = isWhole ? 1 : size[1]
  const rowBytes = (isWhole ? size[1] : 1) * size[2] * source.data.BYTES_PER_ELEMENT
  // every address is a multiple of the word when these are
  const steps = from.steps.concat(to.steps, rowBytes).reduce((bits, bytes) => bits | bytes, 0)
  const word = (steps & 7) === 0 ? 8 : (steps & 3) === 0 ? 4 : 1
  const isSmall = source.data.byteLength < 2 ** 31 && target.data.byteLength < 2 ** 31
  const isShort = word > 1 && isSmall && rowBytes <= LONGEST_ROW_BYTES
  const unit = isShort ? word : source.data.BYTES_PER_ELEMENT
  const copy = !isShort
    ? copyWholeRows(source.data, target.data)
    : word === 8
      ? copyLongWords(source.data, target.data)
      : copyShortWords(source.data, target.data)
  for (let channel = 0; channel < Math.min(from.channels, to.channels); channel++)
    for (let z = 0; z < size[0]; z++)
      copy({
        read: (from.first + channel * from.channel + z * from.plane) / unit,
        readStep: from.row / unit,
        write: (to.first + channel * to.channel + z * to.plane) / unit,
        writeStep: to.row / unit,
        rows,
        length: rowBytes / unit,
      })
}

/** Rows of a plane, counted in words or in elements. */
interface Rows {
  readonly read: number
  readonly readStep: number
  readonly write: number
  readonly writeStep: number
  readonly rows: number
  readonly length: number
}

function copyWholeRows(source: TypedArray, target: TypedArray) {
  const from = source as Uint8Array
  const to = target as Uint8Array
  return ({ read, readStep, write, writeStep, rows, length }: Rows): void => {
    for (let y = 0, a = read, b = write; y < rows; y++, a += readStep, b += writeStep)
      to.set(from.subarray(a, a + length), b)
  }
}

// Two loops that are the same but for the arrays: one that saw both would be compiled for neither. Eight words at a time
// take a quarter of the time of single ones. A bigint that is only copied is never made.
function copyLongWords(source: TypedArray, target: TypedArray) {
  const from = new BigUint64Array(source.buffer, source.byteOffset, source.byteLength >>> 3)
  const to = new BigUint64Array(target.buffer, target.byteOffset, target.byteLength >>> 3)
  return ({ read, readStep, write, writeStep, rows, length }: Rows): void => {
    const tail = length & 7
    for (let y = 0, first = read, place = write; y < rows; y++, first += readStep, place += writeStep) {
      let a = first
      let b = place
      for (const end = first + length - tail; a < end; a += 8, b += 8) {
        to[b] = from[a]!
        to[b + 1] = from[a + 1]!
        to[b + 2] = from[a + 2]!
        to[b + 3] = from[a + 3]!
        to[b + 4] = from[a + 4]!
        to[b + 5] = from[a + 5]!
        to[b + 6] = from[a + 6]!
        to[b + 7] = from[a + 7]!
      }
      for (let word = 0; word < tail; word++) to[b + word] = from[a + word]!
    }
  }
}

function copyShortWords(source: TypedArray, target: TypedArray) {
  const from = new Uint32Array(source.buffer, source.byteOffset, source.byteLength >>> 2)
  const to = new Uint32Array(target.buffer, target.byteOffset, target.byteLength >>> 2)
  return ({ read, readStep, write, writeStep, rows, length }: Rows): void => {
    const tail = length & 7
    for (let y = 0, first = read, place = write; y < rows; y++, first += readStep, place += writeStep) {
      let a = first
      let b = place
      for (const end = first + length - tail; a < end; a += 8, b += 8) {
        to[b] = from[a]!
        to[b + 1] = from[a + 1]!
        to[b + 2] = from[a + 2]!
        to[b + 3] = from[a + 3]!
        to[b + 4] = from[a + 4]!
        to[b + 5] = from[a + 5]!
        to[b + 6] = from[a + 6]!
        to[b + 7] = from[a + 7]!
      }
      for (let word = 0; word < tail; word++) to[b + word] = from[a + word]!
    }
  }
}

/** Strides in bytes. */
function stridesOf({ data, shape }: Region, [z, y, x]: Zyx) {
  const [channels, sizeZ, sizeY, sizeX] = (shape.length === 4 ? shape : [1, ...shape]) as [
    number,
    number,
    number,
    number,
  ]
  const row = sizeX * data.BYTES_PER_ELEMENT
  const plane = sizeY * row
  const channel = sizeZ * plane
  const first = z * plane + y * row + x * data.BYTES_PER_ELEMENT
  return { channels, sizeX, row, plane, channel, first, steps: [data.byteOffset, first, row] }
}
