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

/** How a box of voxels is divided. */
export interface BlockGrid {
  /** Blocks are clipped to it. */
  readonly box: BoundingBox
  readonly blockSize: Zyx
  /** A corner of a block. */
  readonly origin: Zyx
}

/** Blocks that are made when they are needed. */
export interface MadeBlocks {
  /** Prefix of the blocks' names in the cache. */
  readonly name: string
  readonly channels: number
  readonly grid: BlockGrid
  readonly make: (block: BoundingBox) => Promise<TypedArray>
}

/** The blocks of a grid that a box touches, whole. */
export function* blocksOf(
  { box: whole, blockSize, origin }: BlockGrid,
  box: BoundingBox,
): Generator<BoundingBox> {
  const first = floorDivideZyx(subtractZyx(box.start, origin), blockSize)
  const count = subtractZyx(ceilDivideZyx(subtractZyx(box.stop, origin), blockSize), first)
  for (const index of boxGrid(count)) {
    const start = addZyx(origin, multiplyZyx(addZyx(first, index), blockSize))
    const block = intersectBoxes(boxFromSize(start, blockSize), whole)
    if (block !== null && intersectBoxes(block, box) !== null) yield block
  }
}

/** One of the blocks, from the cache or made. */
export async function cachedBlock(
  { name, channels, make }: MadeBlocks,
  block: BoundingBox,
  cache: BlockCache,
): Promise<Region> {
  const data = await cache.get(`${name}/${formatBox(block)}`, () => make(block))
  return { data, shape: [channels, ...boxSize(block)], start: block.start }
}

/** Fills a box of a region from the blocks that it touches, one after another, so that little is held at once. */
export async function fillFromBlocks(
  blocks: MadeBlocks,
  box: BoundingBox,
  into: Region,
  cache: BlockCache,
): Promise<void> {
  for (const block of blocksOf(blocks.grid, box))
    copyBox(await cachedBlock(blocks, block, cache), into, intersectBoxes(block, box)!)
}

/** Copies a box of global voxels, which both regions contain. */
export function copyBox(from: Region, into: Region, box: BoundingBox): void {
  copyRegion(from, subtractZyx(box.start, from.start), into, subtractZyx(box.start, into.start), boxSize(box))
}

/** The voxels, coarser by a factor, that touch a box. */
export const coarserBox = (box: BoundingBox, factor: Zyx): BoundingBox =>
  boundingBox(floorDivideZyx(box.start, factor), ceilDivideZyx(box.stop, factor))
