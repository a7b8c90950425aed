import { allocate, type Dtype, type TypedArray } from '@chunkflow/kernel/authoring'
import { stridesOf } from '../strides.js'

/** How many elements are moved before others get their turn. */
const ELEMENTS_AT_ONCE = 4 * 2 ** 20

/**
 * The elements of an array with its axes in another order, on memory of their own; the array itself when nothing moves.
 * @param sizes of `from`, slowest axis first
 * @param order which axis of `from` becomes the first, second … of the result
 */
export async function permuteAxes(
  from: TypedArray,
  dtype: Dtype,
  sizes: readonly number[],
  order: readonly number[],
  signal?: AbortSignal,
): Promise<TypedArray> {
  const fromStrides = stridesOf(sizes)
  // axes of one element change nothing; neighbours that stay neighbours are one axis
  const axes = joinNeighbours(
    order
      .filter((axis) => sizes[axis] !== 1)
      .map((axis) => ({ size: sizes[axis]!, fromStride: fromStrides[axis]! })),
  )
  if (axes.length < 2 || from.length === 0) return from
  const to = allocate(dtype, from.length)
  const toStrides = stridesOf(axes.map(({ size }) => size))
  const moved = axes.map((axis, index) => ({ ...axis, toStride: toStrides[index]! }))
  const columnAxis = moved.at(-1)!
  const rowAxis = moved.find(({ fromStride }) => fromStride === 1)!
  const outer = moved.filter((axis) => axis !== columnAxis && axis !== rowAxis)
  const runs = columnAxis === rowAxis
  const [rows, columns] = runs ? [1, columnAxis.size] : [rowAxis.size, columnAxis.size]
  const columnsAtOnce = Math.max(TILE, Math.floor(ELEMENTS_AT_ONCE / rows))
  let sincePause = 0
  for (const { fromStart, toStart } of starts(outer)) {
    const matrix = {
      rows,
      // numbers of all types copy alike; the cast picks one signature
      from: from as Uint8Array,
      fromStart,
      fromStride: columnAxis.fromStride,
      to: to as Uint8Array,
      toStart,
      toStride: rowAxis.toStride,
    }
    for (let first = 0; first < columns; first += columnsAtOnce) {
      const stop = Math.min(columns, first + columnsAtOnce)
      if (runs) matrix.to.set(matrix.from.subarray(fromStart + first, fromStart + stop), toStart + first)
      else transposeColumns(matrix, first, stop)
      sincePause += (stop - first) * rows
      if (sincePause >= ELEMENTS_AT_ONCE) {
        sincePause = 0
        signal?.throwIfAborted()
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }
  return to
}

interface Axis {
  readonly size: number
  readonly fromStride: number
}

function joinNeighbours(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = []
  for (const axis of axes) {
    const before = joined.at(-1)
    if (before !== undefined && before.fromStride === axis.fromStride * axis.size)
      joined[joined.length - 1] = { size: before.size * axis.size, fromStride: axis.fromStride }
    else joined.push(axis)
  }
  return joined
}

/** Where the matrices of the two moving axes begin, in both arrays. */
function* starts(
  outer: readonly (Axis & { readonly toStride: number })[],
): Generator<{ fromStart: number; toStart: number }> {
  const matrices = outer.reduce((product, { size }) => product * size, 1)
  for (let index = 0; index < matrices; index++) {
    let left = index
    let fromStart = 0
    let toStart = 0
    for (const { size, fromStride, toStride } of outer.toReversed()) {
      fromStart += (left % size) * fromStride
      toStart += (left % size) * toStride
      left = Math.floor(left / size)
    }
    yield { fromStart, toStart }
  }
}

/** A square of elements that stays in the processor's cache, in both arrays. */
const TILE = 32

/** A matrix whose columns lie together in `from` and whose rows lie together in `to`. Starts and strides in elements. */
interface StridedMatrix {
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
function transposeColumns(
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
