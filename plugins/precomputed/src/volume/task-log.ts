import { type BoundingBox, forEachParallel, formatBox, parseBox, type Storage } from '@chunkflow/sdk'
import type { PrecomputedVolume } from './format.js'

const FOLDER = 'log/'
/** Logs that are read at once. */
const READS = 16

/** Where the log of a task lies that wrote this box, beside the scales of the volume. */
export const logKey = (box: BoundingBox): string => `${FOLDER}${formatBox(box)}.json`

/** What a log tells beside what the task says of itself; logs of other programs tell neither. */
export interface SavedBox {
  /** The scale in whose voxels the box is told. */
  readonly mip?: number
  /** Blocks of zeros in the box, which are not stored, of all block sizes. */
  readonly zero_blocks?: number
}

/** What is stored of a task. */
export const storedLog = (log: object, saved: Required<SavedBox>): object => ({ ...log, ...saved })

type LoggedVolume = Pick<PrecomputedVolume, 'readJson'>

/** What the log of the volume tells of a box of a scale; null when it does not name it. */
export async function readLog(volume: LoggedVolume, box: BoundingBox, mip: number): Promise<SavedBox | null> {
  const log = (await volume.readJson(logKey(box))) as SavedBox | null
  return log === null || (log.mip !== undefined && log.mip !== mip) ? null : log
}

/** A box that lacks blocks. */
export interface DoubtedBox {
  readonly box: BoundingBox
  readonly lacking: number
}

/** Those boxes whose log explains all the blocks they lack: they were of zeros. A log that does not count them is believed. */
export async function explainedBoxes(
  volume: LoggedVolume,
  doubted: readonly DoubtedBox[],
  mip: number,
  signal: AbortSignal,
): Promise<BoundingBox[]> {
  const explained: BoundingBox[] = []
  await forEachParallel(doubted, READS, signal, async ({ box, lacking }) => {
    const log = await readLog(volume, box, mip)
    if (log !== null && lacking <= (log.zero_blocks ?? lacking)) explained.push(box)
  })
  return explained
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
