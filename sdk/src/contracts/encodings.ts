import { type Dtype, keyedToken, type TypedArray } from '@chunkflow/kernel/authoring'

export interface BlockShape {
  readonly dtype: Dtype
  /** Channels, z, y, x. */
  readonly shapeCzyx: readonly [number, number, number, number]
  /** Encoding-specific settings from the volume's metadata. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** Turns blocks of a volume into bytes and back. Providers are keyed by encoding name. */
export interface Encoding {
  /** Blocks are decoded only: `encode` always refuses. */
  readonly readOnly?: boolean
  /** @returns the reason when it cannot hold such blocks */
  refuses(block: BlockShape): string | undefined
  encode(voxels: TypedArray, block: BlockShape): Promise<Uint8Array> | Uint8Array
  /** Fills `target`, c z y x. */
  decode(bytes: Uint8Array, block: BlockShape, target: TypedArray): Promise<void> | void
  /**
   * The voxels where they lie in the encoded bytes, for encodings that change nothing: saves readers a copy. Undefined when
   * they cannot be had so; then {@link decode} says why, or copies.
   */
  view?(bytes: Uint8Array, block: BlockShape): TypedArray | undefined
}

export const ENCODINGS = keyedToken<Encoding>('chunkflow.encoding')
