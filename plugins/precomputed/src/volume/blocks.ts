import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxContains,
  ceilDivideZyx,
  chunkflowError,
  equalBoxes,
  equalZyx,
  floorDivideZyx,
  formatBox,
  formatFlag,
  formatSize,
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

export type Grid = Pick<VolumeScale, 'box' | 'blockSize'>
/** A grid of what is written together. */
type WritableGrid = Grid & Partial<Pick<VolumeScale, 'writeSize'>>

/** One block of a scale; the last ones of an axis are cut at the end of the volume. */
export interface Block {
  readonly box: BoundingBox
  /** Position in the grid, z y x. */
  readonly index: Zyx
}

/** Name of a block: its bounds in x, y, z order. */
export const blockName = ({ start, stop }: BoundingBox): string =>
  [2, 1, 0].map((axis) => `${start[axis]}-${stop[axis]}`).join('_')

const NAME = /^(-?\d+)-(-?\d+)_(-?\d+)-(-?\d+)_(-?\d+)-(-?\d+)$/

/** The grid position of the block of that name; null for what is no block of the grid. */
export function blockIndex(grid: Grid, name: string): Zyx | null {
  const [, x0, , y0, , z0] = NAME.exec(name) ?? []
  if (x0 === undefined) return null
  const index = floorDivideZyx(
    subtractZyx(zyx(Number(z0), Number(y0), Number(x0)), grid.box.start),
    grid.blockSize,
  )
  return blockName(blockAt(grid, index).box) === name ? index : null
}

function blockAt(grid: Grid, index: Zyx): Block {
  const start = addZyx(grid.box.start, multiplyZyx(index, grid.blockSize))
  return { index, box: boundingBox(start, minimumZyx(addZyx(start, grid.blockSize), grid.box.stop)) }
}

/** First and last (excluded) grid index of the blocks that meet a box inside the volume. */
function gridRange({ box, blockSize }: Grid, region: BoundingBox): { first: Zyx; last: Zyx } {
  return {
    first: floorDivideZyx(subtractZyx(region.start, box.start), blockSize),
    last: ceilDivideZyx(subtractZyx(region.stop, box.start), blockSize),
  }
}

/** How many blocks meet a region; 0 outside the volume. */
export function countBlocks(grid: Grid, region: BoundingBox): number {
  const inside = intersectBoxes(grid.box, region)
  if (inside === null) return 0
  const { first, last } = gridRange(grid, inside)
  return productZyx(subtractZyx(last, first))
}

/** The blocks that meet a region, z slowest. The grid begins at the volume's offset. */
export function* blocksIn(grid: Grid, region: BoundingBox): Generator<Block> {
  const inside = intersectBoxes(grid.box, region)
  if (inside === null) return
  const { first, last } = gridRange(grid, inside)
  for (let z = first[0]; z < last[0]; z++)
    for (let y = first[1]; y < last[1]; y++)
      for (let x = first[2]; x < last[2]; x++) yield blockAt(grid, zyx(z, y, x))
}

/** The smallest region of whole blocks around a region inside the volume. */
export function alignedBox(grid: Grid, region: BoundingBox): BoundingBox {
  const { first, last } = gridRange(grid, region)
  const corner = (index: Zyx): Zyx => addZyx(grid.box.start, multiplyZyx(index, grid.blockSize))
  return boundingBox(maximumZyx(corner(first), grid.box.start), minimumZyx(corner(last), grid.box.stop))
}

/**
 * The part of a region inside the volume, which must consist of whole blocks, or of whole shards.
 * @param strict also refuse a region that is partly outside
 * @param allowUnaligned accept parts of blocks
 * @throws volume-outside, volume-misaligned with the region that would work
 */
export function writableBox(
  grid: WritableGrid,
  region: BoundingBox,
  options: { where: string; strict?: boolean; allowUnaligned?: boolean },
): BoundingBox {
  const { where, strict = false, allowUnaligned = false } = options
  const inside = intersectBoxes(grid.box, region)
  if (inside === null)
    throw chunkflowError(
      'volume-outside',
      `Region ${formatBox(region)} lies outside the volume, which covers ${formatBox(grid.box)}`,
      { where, fix: 'check the voxel offset of the chunk, the mip, and the z y x order of sizes' },
    )
  if (strict && !boxContains(grid.box, region))
    throw chunkflowError(
      'volume-outside',
      `Region ${formatBox(region)} reaches beyond the volume, which covers ${formatBox(grid.box)}`,
      { where, fix: 'crop the chunk, or leave --strict-bounds out: what lies outside is then dropped' },
    )
  if (allowUnaligned) return inside
  const size = grid.writeSize ?? grid.blockSize
  const aligned = alignedBox({ box: grid.box, blockSize: size }, inside)
  if (equalBoxes(aligned, inside)) return inside
  // only who writes can change parts
  const offer = options.allowUnaligned === false ? ', or give --allow-unaligned' : ''
  const parts = equalZyx(size, grid.blockSize) ? 'blocks' : 'shards'
  throw chunkflowError(
    'volume-misaligned',
    `Region ${formatBox(inside)} is not aligned to the volume's ${parts} of ${formatSize(size)} (zyx), counted from ${formatFlag(grid.box.start)}`,
    {
      where,
      fix: `the whole ${parts} around it are ${formatBox(aligned)}: use a --chunk-size that is a multiple of ${formatFlag(size)}, and starts at ${formatFlag(grid.box.start)} plus multiples of it${offer}`,
    },
  )
}
