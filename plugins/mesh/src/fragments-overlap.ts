import { type BoundingBox, parseBox } from '@chunkflow/sdk'

/** Objects with more fragments are not looked at: every pair of boxes is. */
const MOST_FRAGMENTS = 1000
/** Chunks share one voxel, so that their surfaces join. */
const SHARED = 1

/**
 * Whether fragments of an object show the same surface twice: their boxes share more than the voxel that neighbouring chunks
 * share. So it is when a volume was meshed again with other chunks, and the first fragments stayed.
 * @param names `<id>:0:<x0>-<x1>_<y0>-<y1>_<z0>-<z1>`
 */
export function fragmentsOverlap(names: Iterable<string>): boolean {
  const boxes = [...names].map((name) => parseBox(name.slice(name.lastIndexOf(':') + 1)))
  if (boxes.length > MOST_FRAGMENTS) return false
  return boxes.some((box, index) =>
    boxes.slice(index + 1).some((other) => box !== null && other !== null && overlap(box, other)),
  )
}

const overlap = (left: BoundingBox, right: BoundingBox): boolean =>
  left.start.every(
    (start, axis) =>
      Math.min(left.stop[axis]!, right.stop[axis]!) - Math.max(start, right.start[axis]!) > SHARED,
  )
