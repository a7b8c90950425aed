import type { Zyx } from '@chunkflow/sdk'

/** Bytes handed to a kernel at once. */
const SLAB_BYTES = 64 * 2 ** 20

/** Ranges of planes whose data stay below a limit. */
export function* planeRanges(
  [depth, height, width]: Zyx,
  bytesPerVoxel: number,
  limit = SLAB_BYTES,
): Generator<{ first: number; planes: number }> {
  const planes = Math.max(1, Math.floor(limit / Math.max(1, height * width * bytesPerVoxel)))
  for (let first = 0; first < depth; first += planes) yield { first, planes: Math.min(planes, depth - first) }
}
