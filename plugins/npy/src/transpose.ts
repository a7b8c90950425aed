import { setImmediate } from 'node:timers/promises'
import { allocate, type Dtype, type TypedArray } from '@chunkflow/sdk'

/** How many elements are moved before others get their turn. */
const ELEMENTS_AT_ONCE = 4 * 2 ** 20

/**
 * Elements in Fortran order (first axis fastest) put into C order, on memory of their own.
 * @param shape sizes by axis, first axis first
 */
export async function fromFortranOrder(
  from: TypedArray,
  dtype: Dtype,
  shape: readonly number[],
): Promise<TypedArray> {
  // axes of one element change nothing
  const sizes = shape.filter((size) => size !== 1)
  if (sizes.length < 2 || from.length === 0) return from
  const to = allocate(dtype, from.length)
  const [rows, columns] = [sizes[0]!, sizes.at(-1)!]
  const middle = sizes.slice(1, -1)
  const matrices = middle.reduce((left, right) => left * right, 1)
  const columnsAtOnce = Math.max(TILE, Math.floor(ELEMENTS_AT_ONCE / rows))
  let moved = 0
  for (let index = 0; index < matrices; index++) {
    // the middle axes: the second axis of all is faster in the file, the last but one in memory
    let left = index
    let place = 0
    for (const size of middle) {
      place = place * size + (left % size)
      left = Math.floor(left / size)
    }
    const matrix = {
      rows,
      // numbers of all types copy alike; the cast picks one signature
      from: from as Uint8Array,
      fromStart: index * rows,
      fromStride: rows * matrices,
      to: to as Uint8Array,
      toStart: place * columns,
      toStride: columns * matrices,
    }
    for (let first = 0; first < columns; first += columnsAtOnce) {
      const stop = Math.min(columns, first + columnsAtOnce)
      transposeColumns(matrix, first, stop)
      moved += (stop - first) * rows
      if (moved >= ELEMENTS_AT_ONCE) {
        moved = 0
        await setImmediate()
      }
    }
  }
  return to
}

/** A square of elements that stays in the processor's cache, in both arrays. */
const TILE = 32

/** A matrix whose columns lie together in `from` and whose rows lie together in `to`. Starts and strides in elements. */
export interface StridedMatrix {
  readonly rows: number
  readonly from: Uint8Array
  readonly fromStart: number
  /** From column to column. */
  readonly fromStride: number
  readonly to: Uint8Array
  readonly toStart: number
  /** From row to row. */
  readonly toStride: number
}

/** Moves the columns `first` to `stop` (excluded). */
export function transposeColumns(
  { rows, from, fromStart, fromStride, to, toStart, toStride }: StridedMatrix,
  first: number,
  stop: number,
): void {
  for (let tileColumn = first; tileColumn < stop; tileColumn += TILE)
    for (let tileRow = 0; tileRow < rows; tileRow += TILE) {
      const lastColumn = Math.min(stop, tileColumn + TILE)
      const lastRow = Math.min(rows, tileRow + TILE)
      for (let row = tileRow; row < lastRow; row++)
        for (let column = tileColumn; column < lastColumn; column++)
          to[toStart + row * toStride + column] = from[fromStart + column * fromStride + row]!
    }
}
