import {
  arithmetic,
  astype,
  type Chunk as ChunkRecord,
  chunkBox,
  cloneChunk,
  createChunk,
  cropMargin,
  cutout,
  describeChunk,
  emptyChunk,
  isChunk,
  transposeChunk,
} from '@chunkflow/kernel/authoring'

/**
 * A dense block of a volume: `data` in C order, `shape` (c)zyx, `dtype`, `voxelOffset` and `voxelSize` (nm) zyx. Plain data; what
 * can be done with it are the functions of the same name's namespace.
 */
export type Chunk = ChunkRecord

/** Functions on chunks. None of them changes its argument. */
export const Chunk = Object.freeze({
  /** `left + right` and so on; `right` is a chunk or a number. */
  arithmetic,
  /** Another element type. */
  astype,
  /** The box of global voxels it covers. */
  box: chunkBox,
  clone: cloneChunk,
  /** A chunk over a typed array: `Chunk.create(data, [z, y, x], { voxelOffset, voxelSize })`. */
  create: createChunk,
  cropMargin,
  /** The part inside a box of global voxels. */
  cutout,
  /** One line about it. */
  describe: describeChunk,
  /** A chunk of zeros. */
  empty: emptyChunk,
  is: isChunk,
  transpose: transposeChunk,
})
