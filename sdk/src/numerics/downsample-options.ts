import type { Dtype, TypedArray } from '@chunkflow/kernel/authoring'

/** Gives memory for so many elements; what it holds is overwritten. */
export type NewVoxels = (dtype: Dtype, length: number) => TypedArray

export interface DownsampleOptions {
  /** Voxels go to the kernel in pieces of this size. */
  readonly pieceBytes?: number
  /** Memory of the results; shared memory unless given. */
  readonly newVoxels?: NewVoxels
}
