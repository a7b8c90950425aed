import { setImmediate } from 'node:timers/promises'
import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxContains,
  ceilDivideZyx,
  floorDivideZyx,
  intersectBoxes,
  subtractZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import type { BlockCensus } from '../volume/block-census.js'
import { blockSet } from '../volume/block-set.js'
import { blocksIn } from '../volume/blocks.js'

/** What a volume that lacks blocks tells: zeros that were written, or tasks that were not done. */
export interface LostBlocks {
  /** Not stored, in a box that is known to be written: zeros. */
  readonly blank: number
  /** Not stored for no known reason. */
  readonly lost: number
  /** Boxes of a grid that hold such blocks, in scan order. */
  readonly cells: readonly BoundingBox[]
}

/** How many blocks lie in a box, as a whole, and are not stored. */
export function countLacking({ layout, stored }: BlockCensus, region: BoundingBox): number {
  const inside = intersectBoxes(layout.box, region)
  if (inside === null) return 0
  let lacking = 0
  for (const { index, box } of blocksIn(layout, inside))
    if (!stored.has(index) && boxContains(inside, box)) lacking += 1
  return lacking
}

/** Blocks that are looked at before others have their turn: a signal, for instance. */
const BLOCKS_AT_ONCE = 2 ** 17

/**
 * Sorts the blocks that are not stored.
 * @param written boxes of finished tasks; a block counts as written when it lies in one of them
 * @param cellSize of a grid from the start of the volume, in which lost blocks are told
 */
export async function findLost(
  { layout, stored }: BlockCensus,
  written: readonly BoundingBox[],
  cellSize: Zyx,
  signal: AbortSignal,
): Promise<LostBlocks> {
  const { box } = layout
  const blank = blockSet(layout)
  for (const done of written) {
    const inside = intersectBoxes(box, done)
    if (inside === null) continue
    for (const block of blocksIn(layout, inside))
      if (!stored.has(block.index) && boxContains(inside, block.box)) blank.add(block.index)
  }
  const grid = { box, blockSize: cellSize }
  const cells = blockSet(grid)
  let lost = 0
  let seen = 0
  for (const block of blocksIn(layout, box)) {
    if (++seen % BLOCKS_AT_ONCE === 0) {
      await setImmediate()
      signal.throwIfAborted()
    }
    if (stored.has(block.index) || blank.has(block.index)) continue
    lost += 1
    const first = floorDivideZyx(subtractZyx(block.box.start, box.start), cellSize)
    const last = ceilDivideZyx(subtractZyx(block.box.stop, box.start), cellSize)
    for (let z = first[0]; z < last[0]; z++)
      for (let y = first[1]; y < last[1]; y++)
        for (let x = first[2]; x < last[2]; x++) cells.add(zyx(z, y, x))
  }
  const lostCells: BoundingBox[] = []
  for (const cell of blocksIn(grid, box))
    if (cells.has(cell.index)) lostCells.push(boundingBox(cell.box.start, addZyx(cell.box.start, cellSize)))
  return { blank: blank.count, lost, cells: lostCells }
}
