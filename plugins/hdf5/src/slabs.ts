/** How much is handed to the library at once. Its heap ends at 2 GiB, and each slab exists twice. */
export const SLAB_BYTES = 64 * 2 ** 20

export interface Slab {
  readonly start: readonly number[]
  readonly count: readonly number[]
  /** Elements before this slab in a C-order array of the region. */
  readonly offset: number
  readonly elements: number
}

/**
 * Splits a region into slabs of at most about {@link SLAB_BYTES}: whole when it fits, else along the first axis that can be cut,
 * at borders of the file's chunks so that none is decompressed twice.
 */
export function* slabsOf(
  start: readonly number[],
  count: readonly number[],
  chunks: readonly number[] | null,
  bytesPerElement: number,
  limit = SLAB_BYTES,
): Generator<Slab> {
  const elements = count.reduce((left, right) => left * right, 1)
  const axis = count.findIndex((size) => size > 1)
  if (elements * bytesPerElement <= limit || axis < 0) {
    if (elements > 0) yield { start, count, offset: 0, elements }
    return
  }
  const perPlane = elements / count[axis]!
  const step = chunks?.[axis] ?? 1
  const planes = Math.max(step, Math.floor(limit / (perPlane * bytesPerElement) / step) * step)
  const first = start[axis]!
  const end = first + count[axis]!
  const replace = (list: readonly number[], value: number): number[] =>
    list.map((old, index) => (index === axis ? value : old))
  for (let from = first; from < end; ) {
    // up to the last chunk border within reach
    const border = Math.floor((from + planes) / step) * step
    const to = Math.min(end, border > from ? border : from + planes)
    yield {
      start: replace(start, from),
      count: replace(count, to - from),
      offset: (from - first) * perPlane,
      elements: (to - from) * perPlane,
    }
    from = to
  }
}
