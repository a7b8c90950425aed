import { chunkflowError } from '../errors/chunkflow-error.js'
import {
  addZyx,
  everyAxis,
  floorDivide,
  formatFlag,
  maximumZyx,
  minimumZyx,
  modulo,
  subtractZyx,
  type Zyx,
  zyx,
} from './triple.js'

const BRAND = Symbol.for('chunkflow.BoundingBox')

/** A half-open box of voxels, `start` included, `stop` excluded, in the voxels of its own mip level. */
export interface BoundingBox {
  readonly start: Zyx
  readonly stop: Zyx
}

/** A box from corners. A stop below the start is refused. */
export function boundingBox(start: Zyx, stop: Zyx): BoundingBox {
  if (![...start, ...stop].every(Number.isSafeInteger))
    throw chunkflowError(
      'box-invalid',
      `A box needs whole numbers, not ${formatFlag(start)} – ${formatFlag(stop)}`,
    )
  if (!everyAxis(start, stop, (low, high) => low <= high))
    throw chunkflowError(
      'box-invalid',
      `Box stop ${formatFlag(stop)} lies before its start ${formatFlag(start)}`,
      {
        fix: 'give start and stop in z y x order, stop excluded',
      },
    )
  return Object.freeze({ [BRAND]: 1, start: zyx(...start), stop: zyx(...stop) })
}

export const boxFromSize = (start: Zyx, size: Zyx): BoundingBox => boundingBox(start, addZyx(start, size))

export function isBoundingBox(value: unknown): value is BoundingBox {
  return typeof value === 'object' && value !== null && BRAND in value
}

export const boxSize = (box: BoundingBox): Zyx => subtractZyx(box.stop, box.start)
/** Number of voxels. */
export const boxVolume = (box: BoundingBox): number => boxSize(box).reduce((left, right) => left * right, 1)
export const isEmptyBox = (box: BoundingBox): boolean => boxVolume(box) === 0

export const equalBoxes = (left: BoundingBox, right: BoundingBox): boolean =>
  formatBox(left) === formatBox(right)

/** The common region, or null when the boxes do not overlap. */
export function intersectBoxes(left: BoundingBox, right: BoundingBox): BoundingBox | null {
  const start = maximumZyx(left.start, right.start)
  const stop = minimumZyx(left.stop, right.stop)
  return everyAxis(start, stop, (low, high) => low < high) ? boundingBox(start, stop) : null
}

/** The smallest box around both. */
export const uniteBoxes = (left: BoundingBox, right: BoundingBox): BoundingBox =>
  boundingBox(minimumZyx(left.start, right.start), maximumZyx(left.stop, right.stop))

/** True when every voxel of `inner` lies in `outer`. */
export const boxContains = (outer: BoundingBox, inner: BoundingBox): boolean =>
  everyAxis(inner.start, outer.start, (a, b) => a >= b) && everyAxis(inner.stop, outer.stop, (a, b) => a <= b)

export const boxContainsPoint = (box: BoundingBox, point: Zyx): boolean =>
  everyAxis(point, box.start, (a, b) => a >= b) && everyAxis(point, box.stop, (a, b) => a < b)

export const translateBox = (box: BoundingBox, offset: Zyx): BoundingBox =>
  boundingBox(addZyx(box.start, offset), addZyx(box.stop, offset))

/**
 * Moves the faces. One number or three grow the box by that much on both sides (negative values shrink);
 * six are added to start (first three) and stop (last three).
 */
export function adjustBox(box: BoundingBox, amount: number | readonly number[]): BoundingBox {
  const six = expandAdjustment(amount)
  return boundingBox(
    addZyx(box.start, zyx(six[0]!, six[1]!, six[2]!)),
    addZyx(box.stop, zyx(six[3]!, six[4]!, six[5]!)),
  )
}

function expandAdjustment(amount: number | readonly number[]): readonly number[] {
  if (typeof amount === 'number') return [-amount, -amount, -amount, amount, amount, amount]
  if (amount.length === 3) return [...amount.map((value) => -value), ...amount]
  if (amount.length === 6) return amount
  throw chunkflowError('box-invalid', `A box is adjusted by 1, 3 or 6 numbers, not ${amount.length}`)
}

/** All full blocks from `start`, z slowest; leftovers that do not fit are dropped. */
export function decomposeBox(box: BoundingBox, block: Zyx): BoundingBox[] {
  const count = boxSize(box).map((size, axis) => floorDivide(size, block[axis]!))
  return boxGrid(count).map(([z, y, x]) =>
    boxFromSize(addZyx(box.start, zyx(z * block[0], y * block[1], x * block[2])), block),
  )
}

/** Indices of a grid in scan order, last axis fastest. */
export function boxGrid(count: readonly number[]): Zyx[] {
  const indices: Zyx[] = []
  for (let z = 0; z < count[0]!; z++)
    for (let y = 0; y < count[1]!; y++) for (let x = 0; x < count[2]!; x++) indices.push(zyx(z, y, x))
  return indices
}

/** True when start and stop are multiples of the block size, counted from `origin`. */
export const isAlignedWith = (box: BoundingBox, block: Zyx, origin: Zyx = zyx(0, 0, 0)): boolean =>
  [box.start, box.stop].every((corner) =>
    corner.every((value, axis) => modulo(value - origin[axis]!, block[axis]!) === 0),
  )

/** `z0-z1_y0-y1_x0-x1`, the form used in file names, queue messages and logs. */
export const formatBox = (box: BoundingBox): string =>
  box.start.map((start, axis) => `${start}-${box.stop[axis]}`).join('_')

const BOX_TEXT =
  /(-?\d+)-(-?\d+)_(-?\d+)-(-?\d+)_(-?\d+)-(-?\d+)(?:\.(?:gz|br|h5|json|npy|tif|csv|pkl|png|jpg))?$/

/** The box at the end of a text such as a file name (one known extension is ignored); null when there is none. */
export function parseBox(text: string): BoundingBox | null {
  const match = BOX_TEXT.exec(text)
  if (match === null) return null
  const [z0, z1, y0, y1, x0, x1] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return boundingBox(zyx(z0, y0, x0), zyx(z1, y1, x1))
}
