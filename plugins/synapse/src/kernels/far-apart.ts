/**
 * Of points, the strongest ones that are at least a distance apart (the largest of the differences along the axes). Cubes of that
 * width hold at most one kept point each, so that a point is compared with those of 27 cubes only.
 * @param places N × 3
 * @param among rows to choose from; of equals the first in scan order is the stronger
 * @returns rows, the strongest first
 */
export function farApart(
  places: Int32Array,
  strengths: readonly number[],
  among: readonly number[],
  distance: number,
  maximum = Infinity,
): number[] {
  const inScan = (left: number, right: number): number =>
    places[left * 3]! - places[right * 3]! ||
    places[left * 3 + 1]! - places[right * 3 + 1]! ||
    places[left * 3 + 2]! - places[right * 3 + 2]!
  const order = [...among].sort((left, right) => strengths[right]! - strengths[left]! || inScan(left, right))
  const cell = Math.max(1, distance)
  let limit = 1
  for (const place of places) limit = Math.max(limit, place)
  /** Cubes along an axis, with a border. */
  const span = Math.floor(limit / cell) + 3
  const cells = new Map<number, number>()
  const kept: number[] = []
  for (const row of order) {
    if (kept.length >= maximum) break
    const at = [0, 1, 2].map((axis) => Math.floor(places[row * 3 + axis]! / cell) + 1) as [
      number,
      number,
      number,
    ]
    if (isNear(row, at)) continue
    cells.set((at[0] * span + at[1]) * span + at[2], row)
    kept.push(row)
  }
  return kept

  function isNear(row: number, [z, y, x]: readonly [number, number, number]): boolean {
    for (let dz = -1; dz <= 1; dz++)
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const other = cells.get(((z + dz) * span + y + dy) * span + x + dx)
          if (other !== undefined && difference(row, other) < distance) return true
        }
    return false
  }

  function difference(row: number, other: number): number {
    let largest = 0
    for (let axis = 0; axis < 3; axis++)
      largest = Math.max(largest, Math.abs(places[row * 3 + axis]! - places[other * 3 + axis]!))
    return largest
  }
}
