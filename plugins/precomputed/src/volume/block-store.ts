import type { Zyx } from '@chunkflow/sdk'
import type { Block, Grid } from './blocks.js'

export interface BlockReadOptions {
  /** Bytes of the voxels of the block. */
  readonly expectedBytes: number
  readonly signal?: AbortSignal | undefined
}

/** A block as it is stored: compressed, null when it has no voxel other than 0. */
export interface PackedBlock {
  readonly block: Block
  readonly bytes: Uint8Array | null
}

/** A file of blocks as it was read, to be replaced by a changed one. */
export interface StoredFile {
  /**
   * As {@link BlockStore.put}, provided that the file is still as it was read.
   * @throws storage-conflict when another writer was faster, where the storage can tell
   */
  replace(group: readonly PackedBlock[]): Promise<void>
  /** A block as it is stored; null when it is not. */
  packed(block: Block): Uint8Array | null
  /** A block, decompressed. */
  read(block: Block, expectedBytes: number): Promise<Uint8Array | null>
}

/** Where the encoded blocks of one scale lie: one file a block, or shards. */
export interface BlockStore {
  /** The encoded block, decompressed; null when it is not stored. */
  read(block: Block, options: BlockReadOptions): Promise<Uint8Array | null>
  /** Compresses an encoded block as it will be stored. */
  pack(bytes: Uint8Array): Promise<Uint8Array>
  /** Sorts blocks by the file that holds them. */
  group(blocks: Iterable<Block>): Iterable<readonly Block[]>
  /** The file of a group, to change some of its blocks. */
  load(group: readonly Block[], signal: AbortSignal | undefined): Promise<StoredFile>
  /**
   * Replaces a whole file in one request, or deletes it when no block is left.
   * @param group every block that the file shall hold
   */
  put(group: readonly PackedBlock[]): Promise<void>
  exists(block: Block): Promise<boolean>
  /**
   * Grid positions of all stored blocks, some perhaps twice. Absent where asking for blocks costs no more.
   * @throws storage-unsupported where the storage lists nothing
   */
  list?(grid: Grid, signal: AbortSignal): AsyncIterable<Zyx>
  /** URL of the block, for messages and as its name in a cache. */
  where(block: Block): string
}
