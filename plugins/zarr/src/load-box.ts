import { type BoundingBox, boundingBox, boxFromSize, type Zyx } from '@chunkflow/sdk'

/** `--chunk-start`, `--chunk-size`: global voxels z y x. */
export interface CutoutOptions {
  readonly chunkStart: Zyx | undefined
  readonly chunkSize: Zyx | undefined
}

/**
 * What to read of an array: an explicit start or size wins, what is missing of them comes from the array; else the box of the
 * task; else the whole array.
 */
export function wantedBox(
  { chunkStart, chunkSize }: CutoutOptions,
  taskBox: BoundingBox | undefined,
  whole: BoundingBox,
): BoundingBox {
  if (chunkStart === undefined && chunkSize === undefined) return taskBox ?? whole
  const start = chunkStart ?? whole.start
  return chunkSize === undefined ? boundingBox(start, whole.stop) : boxFromSize(start, chunkSize)
}
