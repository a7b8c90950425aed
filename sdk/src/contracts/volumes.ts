import { type BoundingBox, type Chunk, type Dtype, keyedToken, type Zyx } from '@chunkflow/kernel/authoring'
import type { Abortable, StoredObject } from './storage.js'

/** One scale of a volume, axes z y x. */
export interface VolumeScale {
  readonly mip: number
  readonly box: BoundingBox
  readonly blockSize: Zyx
  readonly voxelSizeNm: Zyx
  /** What a write covers whole, on a grid from the start of the box: a block, or the blocks of one shard. */
  readonly writeSize: Zyx
}

export interface VolumeDescription {
  readonly url: string
  readonly channels: number
  readonly dtype: Dtype
  readonly layerType: 'image' | 'segmentation'
  readonly scales: readonly VolumeScale[]
  /** Folder beside the data with meshes of its objects, as the volume itself names it. */
  readonly meshFolder?: string | undefined
}

/** How a precomputed volume packs its blocks into files, `neuroglancer_uint64_sharded_v1`. */
export interface Sharding {
  readonly hash: 'identity' | 'murmurhash3_x86_128'
  readonly preshiftBits: number
  readonly minishardBits: number
  readonly shardBits: number
  readonly minishardIndexEncoding: 'raw' | 'gzip'
  readonly dataEncoding: 'raw' | 'gzip'
}

/** What a new volume is made of. Triples are z y x at mip 0. */
export interface NewVolume {
  readonly channels: number
  readonly dtype: Dtype
  readonly layerType: 'image' | 'segmentation'
  readonly encoding: string
  readonly voxelSizeNm: Zyx
  readonly box: BoundingBox
  readonly blockSize: Zyx
  /** Downsampling from one scale to the next. */
  readonly factor: Zyx
  readonly maximumMip: number
  /** Settings of the encoding, in the words of the format: `jpeg_quality`, `compressed_segmentation_block_size`. */
  readonly encodingSettings?: Readonly<Record<string, unknown>> | undefined
  /** Undefined: one file a block. `auto` chooses the parameters from the size of each scale. */
  readonly sharding?: 'auto' | Sharding | undefined
}

export interface ReadVolumeOptions {
  readonly mip: number
  readonly box: BoundingBox
  /** Missing blocks are 0; otherwise they are an error. */
  readonly fillMissing: boolean
  /** Decoded blocks stay in the run's BLOCK_CACHE, which may take this much. Without it nothing is kept. */
  readonly cacheBytes?: number | undefined
  readonly signal?: AbortSignal
  readonly onBlock?: (done: number, total: number) => void
}

export interface WriteVolumeOptions {
  readonly mip: number
  /** How many blocks are encoded and written at once. */
  readonly parallel?: number
  /**
   * Blocks that the chunk covers in part are read, changed and written again. Safe for chunks written at the same time
   * as long as they share no block (no shard, in a sharded volume).
   */
  readonly allowUnaligned?: boolean | undefined
  readonly signal?: AbortSignal
  readonly onBlock?: (done: number, total: number) => void
}

export interface WriteReport {
  /** The part of the chunk that lay inside the volume. */
  readonly box: BoundingBox
  readonly blocksWritten: number
  /** All-zero blocks: deleted rather than written. */
  readonly blocksDeleted: number
  /** Voxels other than 0 that lay outside the volume and were cropped away. */
  readonly voxelsDropped: number
}

/** An open volume: several scales of one array. Boxes are half-open, in voxels of their mip. */
export interface Volume {
  readonly description: VolumeDescription
  /** Beyond the volume voxels are 0. One channel gives a 3-D chunk. */
  read(options: ReadVolumeOptions): Promise<Chunk>
  /**
   * The chunk, cropped to the volume, must consist of whole parts of the scale's `writeSize`, unless `allowUnaligned`, and
   * have the volume's dtype and channels.
   */
  write(chunk: Chunk, options: WriteVolumeOptions): Promise<WriteReport>
  /** True when every block inside the box is stored. */
  hasAllBlocks(box: BoundingBox, mip: number): Promise<boolean>
  /** Writes a small JSON object beside the data, `log/<bbox>.json` for instance. */
  writeJson(key: string, value: unknown): Promise<void>
  /**
   * An object beside the data, as it is stored, under whichever spelling its name has there (`.gz` in folders); null when
   * there is none. Absent where a format keeps nothing beside its data.
   */
  readObject?(key: string, options?: Abortable): Promise<StoredObject | null>
}

/** Opens volumes of one format. Providers are keyed by format: `precomputed`, `zarr`. */
export interface VolumeFormat {
  /** True when a path asks for this format by prefix or content. */
  matches(path: string): Promise<boolean>
  /** Null when there is no volume yet. */
  open(path: string): Promise<Volume | null>
  create(path: string, volume: NewVolume): Promise<Volume>
}

export const VOLUMES = keyedToken<VolumeFormat>('chunkflow.volume')
