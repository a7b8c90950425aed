import { chunkflowError, forEachParallel, isChunkflowError, type Zyx } from '@chunkflow/sdk'
import { type BlockSet, blockSet } from './block-set.js'
import { blocksIn, countBlocks } from './blocks.js'
import type { Layout } from './scale-access.js'

/** Which blocks of a layout are stored. */
export interface BlockCensus {
  readonly layout: Layout
  /** How many there are in all. */
  readonly blocks: number
  readonly stored: Pick<BlockSet, 'count' | 'has'>
}

export interface CensusOptions {
  readonly signal: AbortSignal
  /** Told how many more blocks are known of. */
  readonly onBlocks: (count: number) => void
}

/** Questions that are asked one by one, where nothing can be listed. */
const QUESTIONS_IN_FLIGHT = 16
const PROGRESS_STEP = 1000

/** Looks at every block of a layout: by listing what is there, or one by one where that cannot be done. */
export async function takeCensus(layout: Layout, { signal, onBlocks }: CensusOptions): Promise<BlockCensus> {
  const stored = blockSet(layout)
  const add = (index: Zyx): void => {
    if (stored.add(index) && stored.count % PROGRESS_STEP === 0) onBlocks(PROGRESS_STEP)
  }
  const listed = layout.blocks.list?.(layout, signal)
  if (listed === undefined || !(await addAll(listed, add)))
    await forEachParallel(blocksIn(layout, layout.box), QUESTIONS_IN_FLIGHT, signal, async (block) => {
      if (await layout.blocks.exists(block)) add(block.index)
    })
  if (signal.aborted)
    throw chunkflowError('run-interrupted', 'The run was stopped before all blocks were looked at', {
      retryable: true,
    })
  return { layout, blocks: countBlocks(layout, layout.box), stored }
}

/** False where the storage lists nothing: web servers. */
async function addAll(indices: AsyncIterable<Zyx>, add: (index: Zyx) => void): Promise<boolean> {
  try {
    for await (const index of indices) add(index)
    return true
  } catch (error) {
    if (isChunkflowError(error) && error.code === 'storage-unsupported') return false
    throw error
  }
}
