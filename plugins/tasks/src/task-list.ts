import {
  type BoundingBox,
  boxSize,
  chunkflowError,
  equalZyx,
  formatBox,
  formatFlag,
  type Logger,
  parseBox,
  type Zyx,
} from '@chunkflow/sdk'
import { type GridOptions, layTaskGrid } from './kernels/task-grid.js'

interface ListOptions extends Omit<GridOptions, 'chunkSize'> {
  readonly boundingBox: string | undefined
  readonly chunkSize: Zyx | undefined
}

/** The single box, or the grid, described for the user. @throws box-missing, grid-invalid */
export function listBoxes(options: ListOptions, logger: Logger): readonly BoundingBox[] {
  const { boundingBox: text, chunkSize } = options
  if (text !== undefined) return [singleBox(text, chunkSize)]
  if (chunkSize === undefined)
    throw chunkflowError('box-missing', 'The size of the boxes is missing', {
      fix: 'give --chunk-size, or --bounding-box',
    })
  const grid = layTaskGrid({ ...options, chunkSize })
  logger.info(
    `region start ${formatFlag(grid.start)}, stride ${formatFlag(grid.stride)}, grid size ${formatFlag(grid.size)}`,
  )
  const last = grid.boxes.at(-1)
  if (last !== undefined)
    logger.info(
      `end of the last box ${formatFlag(last.stop)}; box in the centre: number ${grid.centre}, ${formatBox(grid.boxes[grid.centre]!)}`,
    )
  return grid.boxes
}

function singleBox(text: string, chunkSize: Zyx | undefined): BoundingBox {
  const box = parseBox(text)
  if (box === null)
    throw chunkflowError('box-missing', `"${text}" is not a bounding box`, {
      fix: 'write it as z0-z1_y0-y1_x0-x1',
    })
  if (chunkSize !== undefined && !equalZyx(chunkSize, boxSize(box)))
    throw chunkflowError(
      'box-missing',
      `--bounding-box is ${formatFlag(boxSize(box))} large, but --chunk-size says ${formatFlag(chunkSize)}`,
      { fix: 'leave --chunk-size out' },
    )
  return box
}

interface Selection {
  readonly taskIndexStart: number | undefined
  readonly taskIndexStop: number | undefined
  readonly disbatch: boolean
}

/** A box to use. */
export interface SelectedBox {
  readonly box: BoundingBox
  /** What its task calls it: its place among the kept ones, or in the whole list for disbatch. */
  readonly index: number
}

/** The part of the list that is asked for; a range of indices beats disbatch. @throws box-missing */
export function selectBoxes(
  boxes: readonly BoundingBox[],
  { taskIndexStart, taskIndexStop, disbatch }: Selection,
): SelectedBox[] {
  if (taskIndexStart === undefined && taskIndexStop === undefined && disbatch) {
    const index = disbatchIndex(boxes.length)
    return [{ box: boxes[index]!, index }]
  }
  return boxes.slice(taskIndexStart ?? 0, taskIndexStop).map((box, index) => ({ box, index }))
}

function disbatchIndex(count: number): number {
  const text = process.env.DISBATCH_REPEAT_INDEX ?? ''
  const index = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (index < count) return index
  throw chunkflowError(
    'box-missing',
    `DISBATCH_REPEAT_INDEX is ${text === '' ? 'not set' : `"${text}"`}; there are ${count} boxes`,
    { fix: 'set it to an index of the list, starting at 0' },
  )
}
