import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxFromSize,
  boxGrid,
  boxSize,
  ceilDivideZyx,
  copyRegion,
  floorDivideZyx,
  formatBox,
  intersectBoxes,
  multiplyZyx,
  subtractZyx,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import type { BlockCache } from './block-cache.js'

/** An array (c z y x) and the global voxel of its first one: where voxels are put. */
export interface Region {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly start: Zyx
}

export interface BlockGrid {
  /** Prefix of the blocks' names in the cache. */
  readonly name: string
  readonly channels: number
  /** Blocks are clipped to it. */
  readonly box: BoundingBox
  readonly blockSize: Zyx
  /** A corner of a block. */
  readonly origin: Zyx
  readonly make: (box: BoundingBox) => Promise<TypedArray>
}

/** Fills a box of a region from the blocks that it touches, one after another, so that little is held at once. */
export async function fillFromBlocks(
  { name, channels, box: whole, blockSize, origin, make }: BlockGrid,
  box: BoundingBox,
  into: Region,
  cache: BlockCache,
): Promise<void> {
  const first = floorDivideZyx(subtractZyx(box.start, origin), blockSize)
  const count = subtractZyx(ceilDivideZyx(subtractZyx(box.stop, origin), blockSize), first)
  for (const index of boxGrid(count)) {
    const start = addZyx(origin, multiplyZyx(addZyx(first, index), blockSize))
    const block = intersectBoxes(boxFromSize(start, blockSize), whole)!
    const common = intersectBoxes(block, box)
    if (common === null) continue
    const data = await cache.get(`${name}/${formatBox(block)}`, () => make(block))
    copyRegion(
      { data, shape: [channels, ...boxSize(block)] },
      subtractZyx(common.start, block.start),
      into,
      subtractZyx(common.start, into.start),
      boxSize(common),
    )
  }
}

/** The voxels, coarser by a factor, that touch a box. */
export const coarserBox = (box: BoundingBox, factor: Zyx): BoundingBox =>
  boundingBox(floorDivideZyx(box.start, factor), ceilDivideZyx(box.stop, factor))
