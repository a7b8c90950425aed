/** A box of array elements: start and size by axis, slowest first. */
export interface Region {
  readonly start: readonly number[]
  readonly count: readonly number[]
}

/** How much goes to the library at once. Its memory never shrinks; a call costs little beside this. */
export const SLAB_BYTES = 16 * 2 ** 20
/** A storage chunk is only read in parts beyond this size: every part decompresses all of it. */
const LARGEST_SLAB_BYTES = 512 * 2 ** 20

/**
 * Splits a region into slabs of at most `limit` bytes along the borders of the storage chunks, so that none is decompressed
 * twice. A region inside one chunk is split beyond {@link LARGEST_SLAB_BYTES} only.
 * @param chunks shape of the storage chunks; null when there are none
 */
export function* slabsOf(
  region: Region,
  chunks: readonly number[] | null,
  bytesPerElement: number,
  limit = SLAB_BYTES,
  largest = LARGEST_SLAB_BYTES,
): Generator<Region> {
  const bytes = elementsOf(region) * bytesPerElement
  if (bytes === 0) return
  if (bytes <= limit) {
    yield region
    return
  }
  const crossed = region.count.findIndex((size, axis) => {
    const border = nextBorder(region.start[axis]!, chunks?.[axis] ?? 1)
    return border < region.start[axis]! + size
  })
  if (crossed >= 0) {
    for (const part of cut(region, crossed, chunks?.[crossed] ?? 1, limit / bytesPerElement))
      yield* slabsOf(part, chunks, bytesPerElement, limit, largest)
    return
  }
  const axis = region.count.findIndex((size) => size > 1)
  if (bytes <= largest || axis < 0) yield region
  else
    for (const part of cut(region, axis, 1, limit / bytesPerElement))
      yield* slabsOf(part, null, bytesPerElement, limit, largest)
}

export const elementsOf = ({ count }: Pick<Region, 'count'>): number =>
  count.reduce((left, right) => left * right, 1)

const nextBorder = (position: number, step: number): number => (Math.floor(position / step) + 1) * step

/** Parts along one axis that end at multiples of `step`, each as thick as `elements` allow but at least to the next border. */
function* cut({ start, count }: Region, axis: number, step: number, elements: number): Generator<Region> {
  const perPlane = elementsOf({ count }) / count[axis]!
  const end = start[axis]! + count[axis]!
  for (let from = start[axis]!; from < end; ) {
    const reach = Math.floor((from + elements / perPlane) / step) * step
    const to = Math.min(end, Math.max(reach, nextBorder(from, step)))
    yield { start: start.with(axis, from), count: count.with(axis, to - from) }
    from = to
  }
}

/** Rows of a slab, and where each begins in a region that contains it, in elements. */
export interface Rows {
  /** Elements that lie together in both. */
  readonly length: number
  /** First element of every row in the C-order array of the region. */
  readonly offsets: Float64Array
}

/** How a slab lies in the array of a region. Rows are as long as possible: one if the slab is a run of whole planes. */
export function rowsOf(slab: Region, region: Region): Rows {
  const rank = slab.count.length
  let inner = rank - 1
  let length = slab.count[inner] ?? 1
  while (inner > 0 && slab.count[inner] === region.count[inner]) {
    inner -= 1
    length *= slab.count[inner]!
  }
  let offsets: Float64Array = Float64Array.of(0)
  let stride = 1
  for (let axis = rank - 1; axis >= 0; axis--) {
    const first = (slab.start[axis]! - region.start[axis]!) * stride
    // axes inside the row move it, the others multiply the rows
    offsets =
      axis >= inner
        ? offsets.map((offset) => offset + first)
        : repeatRows(offsets, slab.count[axis]!, stride, first)
    stride *= region.count[axis]!
  }
  return { length, offsets }
}

function repeatRows(rows: Float64Array, times: number, stride: number, first: number): Float64Array {
  const repeated = new Float64Array(rows.length * times)
  for (let index = 0; index < times; index++)
    for (let row = 0; row < rows.length; row++)
      repeated[index * rows.length + row] = first + index * stride + rows[row]!
  return repeated
}
