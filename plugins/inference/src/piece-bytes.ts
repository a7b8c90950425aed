import { productZyx, type Zyx } from '@chunkflow/sdk'

/** Of a patch in a kernel's memory at once: few enough for a processor's cache, enough to outweigh a message. */
export const PIECE_BYTES = 1 << 19

/** What the kernel holds at once of a channel of float32: whole planes, one at least. */
export const pieceBytes = (size: Zyx): number =>
  Math.min(4 * productZyx(size), Math.max(PIECE_BYTES, 4 * size[1] * size[2]))
