import { chunkflowError } from '@chunkflow/kernel/authoring'

/** The part of a range that exists in `size` bytes; a negative start counts from the end. */
export function clampRange(size: number, start: number, length: number): { first: number; count: number } {
  const first = Math.max(0, start < 0 ? size + start : start)
  return { first, count: Math.max(0, Math.min(length, size - first)) }
}

/** The `Range` header that holds the bytes wanted; one that counts from the end may bring more behind them. */
export const rangeHeader = (start: number, length: number): string =>
  start < 0 ? `bytes=${start}` : `bytes=${start}-${start + length - 1}`

/**
 * The bytes wanted out of the answer to {@link rangeHeader}.
 * @param contentRange the answer's header: undefined when the server sent the whole object
 * @throws storage-failed when it is another range
 */
export function cutRange(
  bytes: Uint8Array,
  contentRange: string | undefined,
  { start, length, place }: { readonly start: number; readonly length: number; readonly place: string },
): Uint8Array {
  if (contentRange === undefined) {
    const { first, count } = clampRange(bytes.length, start, length)
    return bytes.subarray(first, first + count)
  }
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(contentRange) ?? []
  const expected = start >= 0 ? start : size === '*' ? Number(first) : Math.max(0, Number(size) + start)
  if (first === undefined || Number(first) !== expected)
    throw chunkflowError(
      'storage-failed',
      `Asked for bytes from ${start} of ${place}, the server sent "${contentRange}"`,
      { fix: 'the server does not know range requests well: copy the volume to another one' },
    )
  // before the first byte there is nothing: then the whole object came, and the range begins with it
  return bytes.subarray(0, Math.min(length, bytes.length))
}
