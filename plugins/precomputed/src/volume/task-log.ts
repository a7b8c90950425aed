import { type BoundingBox, forEachParallel, formatBox, parseBox, type Storage } from '@chunkflow/sdk'
import type { PrecomputedVolume } from './format.js'

const FOLDER = 'log/'
/** Logs that are read at once. */
const READS = 16

/** Where the log of a task lies that wrote this box, beside the scales of the volume. */
export const logKey = (box: BoundingBox): string => `${FOLDER}${formatBox(box)}.json`

/** What is stored of a task: its log, and the scale in whose voxels the box is told. */
export const storedLog = (log: object, mip: number): object => ({ ...log, mip })

/** Whether the log of the volume names a box of a scale. Logs of other programs do not tell the scale: they count for any. */
export async function isLogged(
  volume: Pick<PrecomputedVolume, 'readJson'>,
  box: BoundingBox,
  mip: number,
): Promise<boolean> {
  const log = await volume.readJson(logKey(box))
  if (log === null) return false
  const { mip: told } = log as { mip?: unknown }
  return told === undefined || told === mip
}

/** Those of some boxes that {@link isLogged}. */
export async function loggedBoxes(
  volume: Pick<PrecomputedVolume, 'readJson'>,
  boxes: readonly BoundingBox[],
  mip: number,
  signal: AbortSignal,
): Promise<BoundingBox[]> {
  const logged: BoundingBox[] = []
  await forEachParallel(boxes, READS, signal, async (box) => {
    if (await isLogged(volume, box, mip)) logged.push(box)
  })
  return logged
}

/** Boxes of tasks whose log lies in the volume, of all scales. */
export async function boxesInLog(storage: Storage, signal: AbortSignal): Promise<BoundingBox[]> {
  const boxes: BoundingBox[] = []
  for await (const key of storage.list(FOLDER, { signal })) {
    const box = parseBox(key.slice(FOLDER.length))
    if (box !== null) boxes.push(box)
  }
  return boxes
}
