import {
  type BoundingBox,
  bytesPerElement,
  DTYPES,
  type Dtype,
  productZyx,
  type TypedArray,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

/** One resolution of an array. */
export interface Level {
  /** Global voxels of this level. */
  readonly box: BoundingBox
  /** nm, z y x */
  readonly voxelSizeNm: Zyx
}

/** An array with coarser levels, finest first, whose voxels are made or read when they are asked for. */
export interface LevelSource {
  readonly channels: number
  readonly dtype: Dtype
  readonly levels: readonly Level[]
  /** Size of the blocks in which it works: boxes of about this size are read best. */
  readonly blockSize: Zyx
  /**
   * Voxels in the order c z y x, the caller's own.
   * @param box inside the level
   * @param into as many voxels as the box has, of unknown content; new ones unless given
   */
  read(level: number, box: BoundingBox, into?: TypedArray): Promise<TypedArray>
}

/** Zeros on memory that is not shared: it is given back as soon as it was sent. */
export const newVoxels = (dtype: Dtype, length: number): TypedArray => new DTYPES[dtype].array(length)

/** Making a coarse block takes eight times its own memory. */
const LARGEST_BLOCK_BYTES = 2 ** 20

/** 64 cubed, or less when there are many channels: halved along z first. */
export function blockSizeFor(channels: number, dtype: Dtype): Zyx {
  let size = zyx(64, 64, 64)
  for (let axis = 0; size[axis]! > 8; axis = (axis + 1) % 3) {
    if (channels * productZyx(size) * bytesPerElement(dtype) <= LARGEST_BLOCK_BYTES) break
    size = size.map((value, index) => (index === axis ? value / 2 : value)) as unknown as Zyx
  }
  return size
}
