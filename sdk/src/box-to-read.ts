import { type BoundingBox, boxContains, chunkflowError, formatBox } from '@chunkflow/kernel/authoring'

/**
 * The part of an array that a reader was asked for: a box inside it, or everything.
 * @param box global voxels z y x; `whole` is what the array covers
 * @param fix for those whose box lies elsewhere
 * @throws chunk-outside
 */
export function boxToRead(
  box: BoundingBox | undefined,
  whole: BoundingBox,
  path: string,
  fix = 'boxes are voxels z y x, counted from 0',
): BoundingBox {
  if (box !== undefined && !boxContains(whole, box))
    throw chunkflowError(
      'chunk-outside',
      `Box ${formatBox(box)} is not inside ${path}, which covers ${formatBox(whole)}`,
      { fix },
    )
  return box ?? whole
}
