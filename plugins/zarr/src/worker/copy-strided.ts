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
const LONGEST_SHORT_ROW = 32

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
  const fastest = moved.reduce(
    (best, axis, index) => (axis.from < (moved[best]?.from ?? inner.from) ? index : best),
    -1,
  )
  // what is fastest in the source is walked together with what is fastest in the target
  const across = fastest < 0 ? undefined : moved.splice(fastest, 1)[0]
  // elements of all types copy alike; the cast picks one signature
  const [source, target] = [from as Uint8Array, to as Uint8Array]
  walk(moved, fromStart, toStart, (read, write) => {
    if (across !== undefined) copyPlane(source, read, target, write, inner, across)
    else copyRow(source, read, target, write, inner)
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

function copyRow(
  from: Uint8Array,
  read: number,
  to: Uint8Array,
  write: number,
  { count, from: fromStep, to: toStep }: CopyAxis,
): void {
  if (fromStep === 1 && toStep === 1 && count > LONGEST_SHORT_ROW)
    to.set(from.subarray(read, read + count), write)
  else for (let index = 0; index < count; index++) to[write + index * toStep] = from[read + index * fromStep]!
}

function copyPlane(
  from: Uint8Array,
  read: number,
  to: Uint8Array,
  write: number,
  inner: CopyAxis,
  across: CopyAxis,
): void {
  for (let first = 0; first < inner.count; first += TILE)
    for (let row = 0; row < across.count; row += TILE) {
      const last = Math.min(inner.count, first + TILE)
      const lastRow = Math.min(across.count, row + TILE)
      for (let b = row; b < lastRow; b++) {
        const a = read + b * across.from
        const z = write + b * across.to
        for (let index = first; index < last; index++)
          to[z + index * inner.to] = from[a + index * inner.from]!
      }
    }
}
