import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxFromSize,
  chunkflowError,
  equalBoxes,
  formatBox,
  intersectBoxes,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

/** `--cutout-start`, `--cutout-stop`, `--cutout-size`: global voxels z y x. */
export interface CutoutOptions {
  readonly cutoutStart: Zyx | undefined
  readonly cutoutStop: Zyx | undefined
  /** A negative entry means to the end of the axis. */
  readonly cutoutSize: Zyx | undefined
}

/** True when the options, not the task, say what is read. */
export const isExplicit = ({ cutoutStart, cutoutStop, cutoutSize }: CutoutOptions): boolean =>
  cutoutStart !== undefined || cutoutStop !== undefined || cutoutSize !== undefined

/** The box that is wanted, when it is known before the file is. */
export function requestedBox(
  options: CutoutOptions,
  taskBox: BoundingBox | undefined,
): BoundingBox | undefined {
  const { cutoutStart, cutoutStop, cutoutSize } = options
  if (!isExplicit(options)) return taskBox
  if (cutoutStart === undefined) return undefined
  if (cutoutSize !== undefined)
    return cutoutSize.every((size) => size >= 0) ? boxFromSize(cutoutStart, cutoutSize) : undefined
  return cutoutStop === undefined ? undefined : boundingBox(cutoutStart, cutoutStop)
}

/** The box that is wanted of an array: explicit options win over the task's box, a size over a stop. */
export function wantedBox(
  whole: BoundingBox,
  options: CutoutOptions,
  taskBox: BoundingBox | undefined,
): BoundingBox {
  if (!isExplicit(options)) return taskBox ?? whole
  const { cutoutStart, cutoutStop, cutoutSize } = options
  const start = cutoutStart ?? whole.start
  const stop = cutoutSize === undefined ? (cutoutStop ?? whole.stop) : addZyx(start, cutoutSize)
  const end = (axis: 0 | 1 | 2): number => ((cutoutSize?.[axis] ?? 0) < 0 ? whole.stop[axis] : stop[axis])
  return boundingBox(start, zyx(end(0), end(1), end(2)))
}

/**
 * What of a box is read of an array: the box ends where the array ends, as a slice in Python does.
 * @throws chunk-outside when it begins before the array, or nothing is left
 */
export function insideOf(box: BoundingBox, whole: BoundingBox, where: string): BoundingBox {
  if (equalBoxes(box, whole)) return whole
  const common = intersectBoxes(box, whole)
  if (common === null || common.start.some((start, axis) => start !== box.start[axis]))
    throw chunkflowError(
      'chunk-outside',
      `Box ${formatBox(box)} is not inside ${where}, which covers ${formatBox(whole)}`,
      { fix: 'boxes are global voxels z y x; check the cutout options, the task and --voxel-offset' },
    )
  return common
}
