import {
  addZyx,
  adjustBox,
  type BoundingBox,
  boundingBox,
  chunkflowError,
  equalZyx,
  formatFlag,
  subtractZyx,
  type Zyx,
} from '@chunkflow/sdk'

export interface CutoutOptions {
  readonly chunkStart: Zyx | undefined
  readonly chunkSize: Zyx | undefined
  readonly stop: Zyx | undefined
  readonly expandMarginSize: Zyx | undefined
}

/**
 * What to cut out of a volume. An explicit start, size or stop wins, what is missing of them comes from the volume; else the
 * task's box; else the whole volume. Then both sides grow by the margin.
 * @throws flag-invalid when size and stop contradict each other
 */
export function cutoutBox(
  { chunkStart, chunkSize, stop, expandMarginSize }: CutoutOptions,
  taskBox: BoundingBox | undefined,
  volumeBox: BoundingBox,
): BoundingBox {
  const explicit = chunkStart !== undefined || chunkSize !== undefined || stop !== undefined
  const box = explicit ? explicitBox(chunkStart, chunkSize, stop, volumeBox) : (taskBox ?? volumeBox)
  return expandMarginSize === undefined ? box : adjustBox(box, expandMarginSize)
}

function explicitBox(
  start: Zyx | undefined,
  size: Zyx | undefined,
  stop: Zyx | undefined,
  volumeBox: BoundingBox,
): BoundingBox {
  if (size === undefined) return boundingBox(start ?? volumeBox.start, stop ?? volumeBox.stop)
  const from = start ?? (stop === undefined ? volumeBox.start : subtractZyx(stop, size))
  const to = addZyx(from, size)
  if (stop !== undefined && !equalZyx(stop, to))
    throw chunkflowError(
      'flag-invalid',
      `Start ${formatFlag(from)} and size ${formatFlag(size)} end at ${formatFlag(to)}, not at --stop ${formatFlag(stop)}`,
      { fix: 'give --chunk-size or --stop, not both' },
    )
  return boundingBox(from, to)
}
