import { adjustBox, type BoundingBox, formatBox } from '@chunkflow/sdk'

/** `PREFIX<bbox>SUFFIX`; the box may be grown (or shrunk) on all sides for naming only. */
export const markFileName = (prefix: string, box: BoundingBox, suffix: string, adjustSize = 0): string =>
  `${prefix}${formatBox(adjustSize === 0 ? box : adjustBox(box, adjustSize))}${suffix}`
