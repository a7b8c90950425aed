import { type BoundingBox, formatBox, parseBox, type Storage } from '@chunkflow/sdk'

const FOLDER = 'log/'

/** Where the log of a task lies that wrote this box, beside the scales of the volume. */
export const logKey = (box: BoundingBox): string => `${FOLDER}${formatBox(box)}.json`

/** Boxes of tasks whose log lies in the volume. */
export async function boxesInLog(storage: Storage, signal: AbortSignal): Promise<BoundingBox[]> {
  const boxes: BoundingBox[] = []
  for await (const key of storage.list(FOLDER, { signal })) {
    const box = parseBox(key.slice(FOLDER.length))
    if (box !== null) boxes.push(box)
  }
  return boxes
}
