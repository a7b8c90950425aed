import type { TypedArray } from '@chunkflow/sdk'

/** One axis of a copy; strides in elements. */
export interface CopyAxis {
  readonly count: number
  readonly from: number
  readonly to: number
}

/** A square of elements that stays in the processor's cache, in both arrays. */
const TILE = 32
/** Rows up to this are copied element by element: making a view for each of them takes longer. */
const LONGEST_SHORT_ROW = 64
const WORD_BYTES = 8

/**
 * Copies elements between two arrays of one type whose axes lie in memory in different orders.
 * @param fromStart index of the first element read, `toStart` of the first one written
 */
export function copyStrided(
  from: TypedArray,
  fromStart: number,
  to: TypedArray,
  toStart: number,
  axes: readonly CopyAxis[],
): void {
  if (axes.some(({ count }) => count === 0)) return
  // axes of one element move nothing; the axis that is fastest in the target comes last
  const moved = joinAxes(axes.filter(({ count }) => count > 1).sort((one, other) => other.to - one.to))
  const inner = moved.pop() ?? { count: 1, from: 1, to: 1 }
  const starts = [
    from.byteOffset / from.BYTES_PER_ELEMENT + fromStart,
    to.byteOffset / to.BYTES_PER_ELEMENT + toStart,
  ]
  const unit = wordsFit(starts, moved, inner, from.BYTES_PER_ELEMENT)
  if (unit === 0) copyElements(from, fromStart, to, toStart, moved, inner)
  else
    copyElements(
      wordsOf(from),
      starts[0]! / unit,
      wordsOf(to),
      starts[1]! / unit,
      moved.map((axis) => ({ count: axis.count, from: axis.from / unit, to: axis.to / unit })),
      { count: inner.count / unit, from: 1, to: 1 },
    )
}

/** How many elements are a word when all rows consist of whole words; 0 when they do not, or elements are as large. */
function wordsFit(
  starts: readonly number[],
  outer: readonly CopyAxis[],
  inner: CopyAxis,
  elementBytes: number,
): number {
  if (elementBytes === WORD_BYTES || inner.from !== 1 || inner.to !== 1) return 0
  const unit = WORD_BYTES / elementBytes
  const places = [...starts, inner.count, ...outer.flatMap((axis) => [axis.from, axis.to])]
  return places.every((place) => place % unit === 0) ? unit : 0
}

/** The whole buffer in words: starts count from its beginning. */
const wordsOf = ({ buffer }: TypedArray): TypedArray =>
  new BigUint64Array(buffer, 0, Math.floor(buffer.byteLength / WORD_BYTES))

function copyElements(
  from: TypedArray,
  fromStart: number,
  to: TypedArray,
  toStart: number,
  outer: readonly CopyAxis[],
  inner: CopyAxis,
): void {
  const fastest = outer.reduce(
    (best, axis, index) => (axis.from < (outer[best]?.from ?? inner.from) ? index : best),
    -1,
  )
  // what is fastest in the source is walked together with what is fastest in the target
  const across = outer[fastest] ?? { count: 1, from: 0, to: 0 }
  const rest = outer.filter((_, index) => index !== fastest)
  const isRow = fastest < 0 && inner.from === 1 && inner.to === 1 && inner.count > LONGEST_SHORT_ROW
  const plane =
    from instanceof BigUint64Array ? wordPlane(from, to as BigUint64Array) : elementPlane(from, to)
  walk(rest, fromStart, toStart, (read, write) => {
    // numbers of all types copy alike; the cast picks one signature
    if (isRow) (to as Uint8Array).set((from as Uint8Array).subarray(read, read + inner.count), write)
    else plane(read, write, inner, across)
  })
}

/** Neighbouring axes that follow each other without gaps in both arrays are one. */
function joinAxes(axes: readonly CopyAxis[]): CopyAxis[] {
  const joined: CopyAxis[] = []
  for (const axis of axes) {
    const outer = joined.at(-1)
    if (outer !== undefined && outer.from === axis.from * axis.count && outer.to === axis.to * axis.count)
      joined[joined.length - 1] = { ...axis, count: outer.count * axis.count }
    else joined.push(axis)
  }
  return joined
}

function walk(
  axes: readonly CopyAxis[],
  from: number,
  to: number,
  action: (from: number, to: number) => void,
): void {
  const [axis, ...rest] = axes
  if (axis === undefined) {
    action(from, to)
    return
  }
  for (let index = 0; index < axis.count; index++)
    walk(rest, from + index * axis.from, to + index * axis.to, action)
}

// Two loops that are the same but for the arrays: one that saw both would be compiled for neither. A bigint that is only
// copied is never made.
function elementPlane(source: TypedArray, target: TypedArray) {
  const [from, to] = [source as Uint8Array, target as Uint8Array]
  return (read: number, write: number, inner: CopyAxis, across: CopyAxis): void => {
    for (let first = 0; first < inner.count; first += TILE)
      for (let row = 0; row < across.count; row += TILE) {
        const last = Math.min(inner.count, first + TILE)
        const lastRow = Math.min(across.count, row + TILE)
        for (let b = row; b < lastRow; b++) {
          let a = read + b * across.from + first * inner.from
          let z = write + b * across.to + first * inner.to
          for (let index = first; index < last; index++, a += inner.from, z += inner.to) to[z] = from[a]!
        }
      }
  }
}

function wordPlane(from: BigUint64Array, to: BigUint64Array) {
  return (read: number, write: number, inner: CopyAxis, across: CopyAxis): void => {
    for (let first = 0; first < inner.count; first += TILE)
      for (let row = 0; row < across.count; row += TILE) {
        const last = Math.min(inner.count, first + TILE)
        const lastRow = Math.min(across.count, row + TILE)
        for (let b = row; b < lastRow; b++) {
          let a = read + b * across.from + first * inner.from
          let z = write + b * across.to + first * inner.to
          for (let index = first; index < last; index++, a += inner.from, z += inner.to) to[z] = from[a]!
        }
      }
  }
}
