/** Of a patch in a kernel's memory at once: few enough for a processor's cache, enough to outweigh a message. */
export const PIECE_BYTES = 1 << 19
