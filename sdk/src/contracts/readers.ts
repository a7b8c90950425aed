import {
  type BoundingBox,
  type Chunk,
  type Dtype,
  keyedToken,
  type LayerType,
  type Zyx,
} from '@chunkflow/kernel/authoring'

/** What a file holds, found without reading its voxels. */
export interface ArrayDescription {
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly voxelOffset: Zyx
  readonly voxelSize: Zyx | null
  readonly layerType: LayerType
}

/** Reads one file format. Providers are keyed by format: `hdf5`, `tiff`, `npy`. */
export interface Reader {
  /** True when the path looks like this format (by name; no I/O). */
  matches(path: string): boolean
  probe(path: string, options?: ReadOptions): Promise<ArrayDescription>
  /** The whole array, or the part of it inside a box of global voxels. */
  read(path: string, options?: ReadOptions & { readonly box?: BoundingBox }): Promise<Chunk>
}

export interface ReadOptions {
  /** Which array of a container file. */
  readonly dataset?: string
}

export const READERS = keyedToken<Reader>('chunkflow.reader')
