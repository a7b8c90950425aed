import type { Zyx } from '@chunkflow/sdk'

/** Handed to a kernel at once: some sections, few enough for copies to be cheap. */
export const SLAB_BYTES = 16 * 2 ** 20

export interface Slab {
  readonly first: number
  readonly planes: number
}

/** How many sections a slab has when a voxel takes so many bytes. */
export const planesPerSlab = (
  [depth, height, width]: Zyx,
  bytesPerVoxel: number,
  slabBytes = SLAB_BYTES,
): number => Math.min(depth, Math.max(1, Math.floor(slabBytes / (height * width * bytesPerVoxel))))

/** Ranges of sections that cover a volume. */
export function* slabsOf(size: Zyx, bytesPerVoxel: number, slabBytes = SLAB_BYTES): Generator<Slab> {
  const step = planesPerSlab(size, bytesPerVoxel, slabBytes)
  for (let first = 0; first < size[0]; first += step) yield { first, planes: Math.min(step, size[0] - first) }
}

/** Ranges of elements of arrays that have no sections. */
export function* piecesOf(
  length: number,
  elements: number,
): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0; from < length; from += elements) yield { from, to: Math.min(length, from + elements) }
}
