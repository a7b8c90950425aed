import type { TypedArray } from '@chunkflow/kernel/authoring'

/**
 * The bytes of elements [start, end), to be handed to COMPUTE. Built from the buffer, not by `subarray`: a byte view of
 * the whole array may exceed the longest typed array.
 */
export const pieceOf = (data: TypedArray, start: number, end: number): Uint8Array =>
  new Uint8Array(
    data.buffer,
    data.byteOffset + start * data.BYTES_PER_ELEMENT,
    (end - start) * data.BYTES_PER_ELEMENT,
  )

/** Consecutive ranges of `size` (at least 1) that cover [start, end). */
export function* rangesOf(start: number, end: number, size: number): Generator<readonly [number, number]> {
  const step = Math.max(1, Math.floor(size))
  for (let low = start; low < end; low += step) yield [low, Math.min(end, low + step)]
}
