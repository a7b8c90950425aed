import {
  astype,
  type BoundingBox,
  boundingBox,
  boxContains,
  type Chunk,
  chunkBox,
  cutout,
  productZyx,
  spatialSize,
  zyx,
} from '@chunkflow/sdk'
import { squaredDepths } from './depth.js'

/**
 * Moves points into the middle of the dark blobs they lie in or beside: to the voxel of the cube of side 2 × radius around them
 * that is farthest from any voxel of the cube that is not dark. Of equally deep ones the nearest to the point, then the first in
 * scan order, is taken. Points nearer than the radius to the border of the image stay, and so do those whose cube is all dark
 * or has nothing dark.
 * @param places N × 3 z y x, global voxels; a copy is returned
 * @param image 3-D
 * @param threshold darker voxels are inside
 */
export function adjustToDark(
  places: Int32Array,
  image: Chunk,
  { threshold, radius }: { readonly threshold: number; readonly radius: number },
): Int32Array {
  const moved = places.slice()
  for (let row = 0; row < places.length; row += 3) {
    const place = places.subarray(row, row + 3)
    const box = cubeAround(place, radius)
    if (!boxContains(chunkBox(image), box)) continue
    const best = deepest(cutout(image, box), threshold, radius)
    if (best !== undefined)
      for (let axis = 0; axis < 3; axis++) moved[row + axis] = box.start[axis]! + best[axis]!
  }
  return moved
}

function cubeAround([z, y, x]: ArrayLike<number> & Iterable<number>, radius: number): BoundingBox {
  const low = zyx(z! - radius, y! - radius, x! - radius)
  return boundingBox(low, zyx(z! + radius, y! + radius, x! + radius))
}

/** The deepest dark voxel of a cube whose middle is at `radius`; undefined where depth means nothing. */
function deepest(
  cube: Chunk,
  threshold: number,
  radius: number,
): readonly [number, number, number] | undefined {
  const size = spatialSize(cube)
  const dark = new Uint8Array(productZyx(size))
  const { data } = cube.dtype === 'float16' ? astype(cube, 'float32') : cube
  for (let index = 0; index < dark.length; index++) dark[index] = Number(data[index]) < threshold ? 1 : 0
  const squares = squaredDepths(dark, size)
  let best: readonly [number, number, number] | undefined
  let [depth, distance] = [0, Infinity]
  for (let index = 0; index < squares.length; index++) {
    const square = squares[index]!
    if (square < depth || square === 0 || square === Infinity) continue
    const place = [
      Math.floor(index / (size[1] * size[2])),
      Math.floor(index / size[2]) % size[1],
      index % size[2],
    ] as const
    const away = place.reduce((sum, value) => sum + (value - radius) ** 2, 0)
    if (square === depth && away >= distance) continue
    ;[best, depth, distance] = [place, square, away]
  }
  return best
}
