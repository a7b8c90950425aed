import type { Zyx } from '@chunkflow/sdk'

/** Axes of z y x triples in the order in which the code takes their bits: x, y, z. */
const AXES = [2, 1, 0] as const

/** Which axis each bit of a code belongs to, lowest bit first: bits that are 0 for every cell of a grid are left out. */
export function mortonAxes(gridSize: Zyx): readonly number[] {
  const axes: number[] = []
  for (let bit = 0; AXES.some((axis) => 2 ** bit < gridSize[axis]); bit++)
    for (const axis of AXES) if (2 ** bit < gridSize[axis]) axes.push(axis)
  return axes
}

/**
 * The compressed Morton code of a cell: its coordinates' bits interleaved, x first.
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md (sharded chunk storage)
 * @param axes of the grid, from {@link mortonAxes}
 */
export function mortonCode(cell: Zyx, axes: readonly number[]): bigint {
  const left = [...cell]
  let low = 0
  let high = 0
  for (let bit = 0; bit < axes.length; bit++) {
    const axis = axes[bit]!
    const value = left[axis]! % 2
    left[axis] = Math.floor(left[axis]! / 2)
    if (bit < 32) low += value * 2 ** bit
    else high += value * 2 ** (bit - 32)
  }
  return (BigInt(high) << 32n) | BigInt(low)
}

/** How many cells along each axis share all but the lowest `bits` of their code: a box of the grid. */
export function mortonBox(axes: readonly number[], bits: number): Zyx {
  const size: [number, number, number] = [1, 1, 1]
  for (const axis of axes.slice(0, bits)) size[axis] = size[axis]! * 2
  return size
}
