import type { TypedArray } from '@chunkflow/kernel/authoring'

/** A shared buffer beyond this cannot be posted to a worker whole: it arrives truncated. */
const POSTABLE_BYTES = 65535 * 65536

/** The bytes of elements [start, end) as a view that COMPUTE may read: a copy if the array's buffer is too large to post. */
export function inputPiece(data: TypedArray, start: number, end: number): Uint8Array {
  const view = bytesBetween(data, start, end)
  if (data.buffer.byteLength <= POSTABLE_BYTES) return view
  const copy = new Uint8Array(new SharedArrayBuffer(view.length))
  copy.set(view)
  return copy
}

/** Lets `work` fill the bytes of elements [start, end), by way of a copy if the array's buffer is too large to post. */
export async function withOutputPiece(
  data: TypedArray,
  start: number,
  end: number,
  work: (piece: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const view = bytesBetween(data, start, end)
  if (data.buffer.byteLength <= POSTABLE_BYTES) {
    await work(view)
    return
  }
  const copy = new Uint8Array(new SharedArrayBuffer(view.length))
  await work(copy)
  view.set(copy)
}

/** Built from the buffer, not by `subarray`: a byte view of the whole array may exceed the longest typed array. */
const bytesBetween = (data: TypedArray, start: number, end: number): Uint8Array =>
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
