import {
  type BoundingBox,
  boundingBox,
  boxFromSize,
  boxSize,
  intersectBoxes,
  productZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import type { OpenedArray } from './open-array.js'
import { type AxisRole, byRole } from './placement.js'

/** Channels, z, y, x. */
export type Czyx = readonly [number, number, number, number]

/** One chunk of an array, as it lies in space. */
export interface GridChunk {
  /** In the axes of the array. */
  readonly index: readonly number[]
  readonly firstChannel: number
  /** Channels that exist: the last chunk may reach beyond them. */
  readonly channels: number
  /** Global voxels of the whole chunk, also beyond the end of the array. */
  readonly full: BoundingBox
  /** The part inside the array. */
  readonly box: BoundingBox
}

/** The chunks of an array, in the order channels, z, y, x. */
export interface ChunkGrid {
  readonly roles: readonly AxisRole[]
  /** Sizes of a chunk. */
  readonly chunk: Czyx
  readonly channels: number
  readonly box: BoundingBox
}

export const gridOf = ({ layout, placement: { roles, channels, box } }: OpenedArray): ChunkGrid => ({
  roles,
  chunk: byRole(roles, layout.chunkShape),
  channels: channels ?? 1,
  box,
})

/** The same for what is written at once: chunks, or shards of them. */
export function fileGridOf(array: OpenedArray): ChunkGrid {
  const grid = gridOf(array)
  const { shards, chunkShape } = array.layout
  if (shards === null) return grid
  const shape = chunkShape.map((size, axis) => size * shards.chunksPerShard[axis]!)
  return { ...grid, chunk: byRole(grid.roles, shape) }
}

/** Values by role as values by axis; what is left out of axes of one element is `one`. */
export const byAxis = (roles: readonly AxisRole[], [c, z, y, x]: Czyx, one: number): number[] =>
  roles.map((role) => ({ c, z, y, x, one })[role])

interface Range {
  readonly first: number
  /** Excluded. */
  readonly last: number
}

function rangesOf({ chunk, channels, box }: ChunkGrid, region: BoundingBox): readonly Range[] {
  const spatial = [0, 1, 2].map((axis) => ({
    first: Math.floor((region.start[axis]! - box.start[axis]!) / chunk[axis + 1]!),
    last: Math.ceil((region.stop[axis]! - box.start[axis]!) / chunk[axis + 1]!),
  }))
  return [{ first: 0, last: Math.ceil(channels / chunk[0]) }, ...spatial]
}

/** How many chunks meet a region inside the array. */
export const countChunks = (grid: ChunkGrid, region: BoundingBox): number =>
  rangesOf(grid, region).reduce((product, { first, last }) => product * Math.max(0, last - first), 1)

/** The chunks that meet a region inside the array, channels slowest. */
export function* chunksIn(grid: ChunkGrid, region: BoundingBox): Generator<GridChunk> {
  const { roles, chunk, channels, box } = grid
  const size = zyx(chunk[1], chunk[2], chunk[3])
  const [c, z, y, x] = rangesOf(grid, region) as readonly [Range, Range, Range, Range]
  for (let channel = c.first; channel < c.last; channel++)
    for (let plane = z.first; plane < z.last; plane++)
      for (let row = y.first; row < y.last; row++)
        for (let column = x.first; column < x.last; column++) {
          const start = zyx(
            box.start[0] + plane * chunk[1],
            box.start[1] + row * chunk[2],
            box.start[2] + column * chunk[3],
          )
          const full = boxFromSize(start, size)
          yield {
            index: byAxis(roles, [channel, plane, row, column], 0),
            firstChannel: channel * chunk[0],
            channels: Math.min(chunk[0], channels - channel * chunk[0]),
            full,
            box: intersectBoxes(full, box) ?? boundingBox(start, start),
          }
        }
}

/**
 * Steps of an array's axes in memory that holds channels, z, y, x, x fastest, behind whatever the left out axes hold.
 * @param shape sizes in the axes of the array
 */
export function stridesIn(roles: readonly AxisRole[], shape: readonly number[]): number[] {
  const strides = new Array<number>(roles.length).fill(0)
  let step = 1
  const lay = (axis: number): void => {
    if (axis < 0) return
    strides[axis] = step
    step *= shape[axis]!
  }
  for (const role of ['x', 'y', 'z', 'c'] as const) lay(roles.indexOf(role))
  for (const [axis, role] of roles.entries()) if (role === 'one') lay(axis)
  return strides
}

/** Elements of a box with some channels. */
export const elementsIn = (channels: number, box: BoundingBox): number => channels * productZyx(boxSize(box))

export const shapeOf = (channels: number, size: Zyx): Czyx => [channels, size[0], size[1], size[2]]

/** z, y, x of sizes in the axes of an array. */
export function spatialOf(roles: readonly AxisRole[], sizes: readonly number[]): Zyx {
  const [, z, y, x] = byRole(roles, sizes)
  return zyx(z, y, x)
}
