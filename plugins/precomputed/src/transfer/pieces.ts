import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxSize,
  ceilDivideZyx,
  floorDivide,
  intersectBoxes,
  maximumZyx,
  minimumZyx,
  multiplyZyx,
  productZyx,
  subtractZyx,
  type VolumeScale,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { leastCommonMultiple } from '../volume/least-common-multiple.js'

export interface PieceOptions {
  /** What is copied, in voxels of both scales. */
  readonly region: BoundingBox
  readonly source: Pick<VolumeScale, 'box' | 'blockSize'>
  readonly target: Pick<VolumeScale, 'box' | 'blockSize' | 'writeSize'>
  /** All channels. */
  readonly bytesPerVoxel: number
  /** What the voxels of one piece may take. */
  readonly pieceBytes: number
}

export interface Pieces {
  readonly size: Zyx
  /** False when what a write must cover is too large: then pieces cover blocks, and files are changed several times. */
  readonly coverWrites: boolean
}

/** A size made axis by axis. */
const byAxis = (compute: (axis: 0 | 1 | 2) => number): Zyx => zyx(compute(0), compute(1), compute(2))

/**
 * The size of the pieces a copy is made in: what a write covers whole, times what makes blocks of the source be read once only, as
 * far as memory allows; then longer along x, y and z while they fit.
 */
export function choosePieces({ region, source, target, bytesPerVoxel, pieceBytes }: PieceOptions): Pieces {
  const fits = (size: Zyx): boolean =>
    productZyx(minimumZyx(size, boxSize(region))) * bytesPerVoxel <= pieceBytes
  const coverWrites = fits(target.writeSize)
  const unit = coverWrites ? target.writeSize : target.blockSize
  let size = unit
  for (const axis of [2, 1, 0] as const) {
    const common = leastCommonMultiple(unit[axis], source.blockSize[axis])
    const wider = byAxis((other) => (other === axis ? common : size[other]))
    if (fits(wider)) size = wider
  }
  for (const axis of [2, 1, 0] as const) {
    const wholes = Math.max(1, Math.ceil(boxSize(region)[axis] / size[axis]))
    for (let times = wholes; times > 1; times--) {
      const longer = byAxis((other) => (other === axis ? times * size[other] : size[other]))
      if (!fits(longer)) continue
      size = longer
      break
    }
  }
  return { size, coverWrites }
}

/** The pieces of a region, z slowest, on the grid of pieces from the start of the target. */
export function* piecesOf(region: BoundingBox, origin: Zyx, size: Zyx): Generator<BoundingBox> {
  const first = byAxis((axis) => floorDivide(region.start[axis] - origin[axis], size[axis]))
  const last = ceilDivideZyx(subtractZyx(region.stop, origin), size)
  for (let z = first[0]; z < last[0]; z++)
    for (let y = first[1]; y < last[1]; y++)
      for (let x = first[2]; x < last[2]; x++) {
        const start = addZyx(origin, multiplyZyx(zyx(z, y, x), size))
        const piece = intersectBoxes(boundingBox(start, addZyx(start, size)), region)
        if (piece !== null) yield piece
      }
}

/** How many pieces {@link piecesOf} gives. */
export const countPieces = (region: BoundingBox, origin: Zyx, size: Zyx): number => {
  const last = ceilDivideZyx(subtractZyx(region.stop, origin), size)
  const first = byAxis((axis) => floorDivide(region.start[axis] - origin[axis], size[axis]))
  return productZyx(maximumZyx(subtractZyx(last, first), zyx(0, 0, 0)))
}
