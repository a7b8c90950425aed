import { type TypedArray, token } from '@chunkflow/kernel/authoring'

/** Decoded blocks of volumes, shared by the operators of a run. The least recently used ones make room for others. */
export interface BlockCache {
  /** The limit becomes this, unless it is larger already: operators that share a cache share the largest wish. */
  reserve(bytes: number): void
  /**
   * The voxels of a block, c z y x; null when it is not stored. Whoever asks for a block that is being loaded waits for
   * it; a failure is not kept. The array is shared: it must not be changed.
   * @param key URL of the block
   */
  get(key: string, load: () => Promise<TypedArray | null>): Promise<TypedArray | null>
  /** Whoever writes or deletes a block says so. What other processes write is not seen. */
  forget(key: string): void
  /** The same for everything whose key begins so, the blocks of a file for instance. */
  forgetAll(prefix: string): void
}

export const BLOCK_CACHE = token<BlockCache>('chunkflow.block-cache')
