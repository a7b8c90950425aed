import type { Compute } from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import { createLimiter, type Limiter } from '../server/limiter.js'
import { type BlockCache, createBlockCache } from './block-cache.js'
import { keepSessions } from './kept-sessions.js'
import { createScratch, type Scratch } from './scratch.js'

/** What one viewer makes its blocks with. Together it bounds the memory beside the chunks. */
export interface BlockWorkshop {
  readonly cache: BlockCache
  readonly scratch: Scratch
  readonly services: ComputeServices
  /** For whole requests, from the voxels to the bytes that are sent. */
  readonly limiter: Limiter
  dispose(): Promise<void>
}

/** Blocks that were made are kept up to this; the chunks themselves are not copied. */
const CACHE_BYTES = 64 * 2 ** 20
/** The main thread copies voxels while workers work on those of other blocks. */
const BLOCKS_AT_ONCE = 3

export function createBlockWorkshop(given: Compute): BlockWorkshop {
  const compute = keepSessions(given)
  return {
    cache: createBlockCache(CACHE_BYTES),
    scratch: createScratch(),
    services: { compute },
    limiter: createLimiter(BLOCKS_AT_ONCE),
    dispose: () => compute.dispose(),
  }
}
