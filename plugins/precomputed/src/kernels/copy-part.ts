import { copyRegion, type TypedArray, type Zyx } from '@chunkflow/sdk'

/** Rows up to this are copied word by word: making a view for each of them takes longer. */
const LONGEST_ROW_BYTES = 256

/** Channels, z, y, x in one array; three sizes are one channel. */
interface Region {
  readonly data: TypedArray
  readonly shape: readonly number[]
}

/**
 * Copies a box of voxels, in all channels, as the SDK's copyRegion does; many short rows, as blocks have them, several times
 * faster.
 */
export function copyPart(
  source: Region,
  sourceStart: Zyx,
  target: Region,
  targetStart: Zyx,
  size: Zyx,
): void {
  const from = stridesOf(source, sourceStart)
  const to = stridesOf(target, targetStart)
  const rowBytes = size[2] * source.data.BYTES_PER_ELEMENT
  // every address is a multiple of the word when these are
  const steps = from.steps.concat(to.steps, rowBytes).reduce((bits, bytes) => bits | bytes, 0)
  const word = (steps & 7) === 0 ? 8 : (steps & 3) === 0 ? 4 : 0
  const isSmall = source.data.byteLength < 2 ** 31 && target.data.byteLength < 2 ** 31
  if (word === 0 || !isSmall || rowBytes > LONGEST_ROW_BYTES) {
    copyRegion(source, sourceStart, target, targetStart, size)
    return
  }
  const copy = word === 8 ? copyLongRows(source.data, target.data) : copyShortRows(source.data, target.data)
  for (let channel = 0; channel < Math.min(from.channels, to.channels); channel++)
    for (let z = 0; z < size[0]; z++)
      copy({
        read: (from.first + channel * from.channel + z * from.plane) / word,
        readStep: from.row / word,
        write: (to.first + channel * to.channel + z * to.plane) / word,
        writeStep: to.row / word,
        rows: size[1],
        words: rowBytes / word,
      })
}

/** Rows of a plane, counted in words. */
interface Rows {
  readonly read: number
  readonly readStep: number
  readonly write: number
  readonly writeStep: number
  readonly rows: number
  readonly words: number
}

// Two loops that are the same but for the arrays: one that saw both would be compiled for neither. A bigint that is only
// copied is never made.
function copyLongRows(source: TypedArray, target: TypedArray) {
  const from = new BigUint64Array(source.buffer, source.byteOffset, source.byteLength >>> 3)
  const to = new BigUint64Array(target.buffer, target.byteOffset, target.byteLength >>> 3)
  return ({ read, readStep, write, writeStep, rows, words }: Rows): void => {
    for (let y = 0, a = read, b = write; y < rows; y++, a += readStep, b += writeStep)
      for (let word = 0; word < words; word++) to[b + word] = from[a + word]!
  }
}

function copyShortRows(source: TypedArray, target: TypedArray) {
  const from = new Uint32Array(source.buffer, source.byteOffset, source.byteLength >>> 2)
  const to = new Uint32Array(target.buffer, target.byteOffset, target.byteLength >>> 2)
  return ({ read, readStep, write, writeStep, rows, words }: Rows): void => {
    for (let y = 0, a = read, b = write; y < rows; y++, a += readStep, b += writeStep)
      for (let word = 0; word < words; word++) to[b + word] = from[a + word]!
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
  return { channels, row, plane, channel, first, steps: [data.byteOffset, first, row] }
}
