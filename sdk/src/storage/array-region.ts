import { bytesPerElement, type Dtype, type TypedArray } from '@chunkflow/kernel/authoring'
import { stridesOf } from '../strides.js'

/** A part of an array: start and size by axis, slowest axis first. */
export interface ArrayRegion {
  readonly start: readonly number[]
  readonly count: readonly number[]
}

/** An array that lies uncompressed in a file. */
export interface StoredArray {
  /** Slowest axis first. */
  readonly sizes: readonly number[]
  readonly dtype: Dtype
  /** True when the bytes of an element have to be turned round. */
  readonly bigEndian: boolean
  /** Where the elements begin. */
  readonly dataStart: number
}

/** Fills memory with the bytes from a position on, or throws. Positions only grow. */
export type FillBytes = (bytes: Uint8Array, position: number) => Promise<void>

/** How much is read at once. */
const PIECE_BYTES = 16 * 2 ** 20
/** Rows further apart than this are read one by one. */
const LARGEST_GAP_BYTES = 64 * 1024

/**
 * Reads a region of an array, which is not empty, into memory of its size: its rows, and gaps between short ones, in the order
 * in which they are stored.
 * @param advance is told how many elements were read
 */
export async function readArrayRegion(
  fill: FillBytes,
  { sizes: allSizes, dtype, bigEndian, dataStart }: StoredArray,
  region: ArrayRegion,
  data: TypedArray,
  { signal, advance }: { signal?: AbortSignal | undefined; advance?: (elements: number) => void } = {},
): Promise<void> {
  const bytes = bytesPerElement(dtype)
  const { sizes, start, count } = joinWholeAxes({ sizes: allSizes, ...region })
  const strides = stridesOf(sizes)
  const rowBytes = count.at(-1)! * bytes
  const rowStride = (strides.at(-2) ?? 0) * bytes
  const rows = count.at(-2) ?? 1
  const near = rowStride - rowBytes <= LARGEST_GAP_BYTES
  const together = near ? Math.max(1, Math.floor(PIECE_BYTES / Math.max(rowStride, rowBytes))) : 1
  const scratch = new Uint8Array(together > 1 ? Math.min(rows, together) * rowStride : 0)
  let done = 0
  /** Reads without a copy, also more than one view can hold. */
  const readRun = async (position: number, length: number): Promise<void> => {
    for (let part = 0; part < length; part += PIECE_BYTES) {
      signal?.throwIfAborted()
      const piece = Math.min(PIECE_BYTES, length - part)
      await fill(bytesOf(data, done + part, piece), position + part)
      advance?.(piece / bytes)
    }
  }
  for (const first of planeStarts(start, count, strides))
    for (let row = 0; row < rows; row += together) {
      signal?.throwIfAborted()
      const taken = Math.min(together, rows - row)
      const position = dataStart + first * bytes + row * rowStride
      if (taken === 1) await readRun(position, rowBytes)
      else {
        const span = scratch.subarray(0, (taken - 1) * rowStride + rowBytes)
        await fill(span, position)
        const target = bytesOf(data, done, taken * rowBytes)
        for (let index = 0; index < taken; index++)
          target.set(span.subarray(index * rowStride, index * rowStride + rowBytes), index * rowBytes)
        advance?.((taken * rowBytes) / bytes)
      }
      if (bigEndian) turnRound(data, done, taken * rowBytes)
      done += taken * rowBytes
    }
}

const bytesOf = ({ buffer, byteOffset }: TypedArray, start: number, length: number): Uint8Array =>
  new Uint8Array(buffer, byteOffset + start, length)

function turnRound(data: TypedArray, start: number, length: number): void {
  if (data.BYTES_PER_ELEMENT === 1) return
  for (let done = 0; done < length; done += PIECE_BYTES) {
    const piece = Math.min(PIECE_BYTES, length - done)
    const bytes = Buffer.from(data.buffer, data.byteOffset + start + done, piece)
    if (data.BYTES_PER_ELEMENT === 2) bytes.swap16()
    else if (data.BYTES_PER_ELEMENT === 4) bytes.swap32()
    else bytes.swap64()
  }
}

interface SizedRegion extends ArrayRegion {
  readonly sizes: readonly number[]
}

/** An axis that is read whole becomes one with the axis before it: fewer and longer rows. */
function joinWholeAxes({ sizes, start, count }: SizedRegion): SizedRegion {
  const joined: { size: number; start: number; count: number }[] = []
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const [inner] = joined
    const here = { size: sizes[axis]!, start: start[axis]!, count: count[axis]! }
    if (inner !== undefined && inner.count === inner.size)
      joined[0] = {
        size: here.size * inner.size,
        start: here.start * inner.size,
        count: here.count * inner.size,
      }
    else joined.unshift(here)
  }
  // an array without axes is one element
  if (joined.length === 0) joined.push({ size: 1, start: 0, count: 1 })
  return {
    sizes: joined.map(({ size }) => size),
    start: joined.map(({ start: first }) => first),
    count: joined.map(({ count: wanted }) => wanted),
  }
}

/** First wanted element of every plane of the last two axes. */
function* planeStarts(
  start: readonly number[],
  count: readonly number[],
  strides: readonly number[],
): Generator<number> {
  const outer = Math.max(0, start.length - 2)
  const origin = start.reduce((sum, first, axis) => sum + first * strides[axis]!, 0)
  const index = new Array<number>(outer).fill(0)
  for (;;) {
    yield index.reduce((sum, step, axis) => sum + step * strides[axis]!, origin)
    let axis = outer - 1
    for (; axis >= 0; axis--) {
      index[axis]! += 1
      if (index[axis]! < count[axis]!) break
      index[axis] = 0
    }
    if (axis < 0) return
  }
}
