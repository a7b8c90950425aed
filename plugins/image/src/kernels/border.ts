/** What continues an axis beyond its ends; the names and meanings are SciPy's. */
export const BORDERS = ['reflect', 'mirror', 'nearest', 'wrap', 'constant'] as const
export type Border = (typeof BORDERS)[number]

/** Stands for a voxel of value 0. */
export const OUTSIDE = -1

/**
 * The index inside an axis that stands for one beyond it, or OUTSIDE.
 * `reflect` repeats the edge voxel (d c b a | a b c d), `mirror` does not (d c b | a b c d).
 */
export function borderIndex(index: number, length: number, border: Border): number {
  if (index >= 0 && index < length) return index
  if (border === 'constant') return OUTSIDE
  if (border === 'nearest') return index < 0 ? 0 : length - 1
  if (border === 'wrap') return modulo(index, length)
  if (border === 'mirror') {
    if (length === 1) return 0
    const at = modulo(index, 2 * length - 2)
    return at < length ? at : 2 * length - 2 - at
  }
  const at = modulo(index, 2 * length)
  return at < length ? at : 2 * length - 1 - at
}

const modulo = (value: number, divisor: number): number => value - Math.floor(value / divisor) * divisor

/** The voxels that the windows of outputs [start, end) of an axis see, in order: end - start - 1 + taps of them. */
export function windowIndices(
  start: number,
  end: number,
  { before, after }: { readonly before: number; readonly after: number },
  length: number,
  border: Border,
): number[] {
  return Array.from({ length: end - start + before + after }, (_, index) =>
    borderIndex(start - before + index, length, border),
  )
}
