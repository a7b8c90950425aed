import type { PatchGeometry, PatchGrid } from './geometry.js'

/** The part of the output under the patches of one z and y, in output voxels. */
export interface BandRow {
  readonly indexZ: number
  readonly indexY: number
  readonly z0: number
  readonly z1: number
  readonly y0: number
  readonly y1: number
  /** Planes below hold partial sums of earlier rows; so do rows below `touchedY` in all planes. */
  readonly touchedZ: number
  readonly touchedY: number
  /** Voxels below both are not reached by later rows. */
  readonly doneZ: number
  readonly doneY: number
}

export function bandRow(geometry: PatchGeometry, grid: PatchGrid, indexZ: number, indexY: number): BandRow {
  const z = extent(geometry, grid, 0, indexZ)
  const y = extent(geometry, grid, 1, indexY)
  return {
    indexZ,
    indexY,
    z0: z.from,
    z1: z.to,
    y0: y.from,
    y1: y.to,
    touchedZ: z.touched,
    touchedY: y.touched,
    doneZ: z.done,
    doneY: y.done,
  }
}

/** Along one axis: the part of the output under patch `index`, and the ends of what others share of it. */
function extent(geometry: PatchGeometry, grid: PatchGrid, axis: 0 | 1, index: number) {
  const starts = grid.outputStarts[axis]
  const size = grid.outputSize[axis]
  const stop = (at: number) => Math.min(size, starts[at]! + geometry.outputPatchSize[axis])
  const to = stop(index)
  const next = index + 1 < starts.length ? Math.max(0, starts[index + 1]!) : size
  return {
    from: Math.max(0, starts[index]!),
    to,
    touched: index === 0 ? 0 : stop(index - 1),
    done: Math.min(to, next),
  }
}

/**
 * Partial sums of float16 output: `below` are those that the next rows along z reach, in a ring of planes; `beside` those that
 * the next row along y reaches.
 */
export function carrySizes(
  channels: number,
  geometry: PatchGeometry,
  grid: PatchGrid,
): { readonly planes: number; readonly rows: number; readonly below: number; readonly beside: number } {
  const reach = (axis: 0 | 1): number =>
    Math.max(
      ...grid.outputStarts[axis].map((_, index) => {
        const { to, done } = extent(geometry, grid, axis, index)
        return to - done
      }),
    )
  const [sizeZ, sizeY, sizeX] = grid.outputSize
  const planes = reach(0)
  const rows = reach(1)
  return {
    planes,
    rows,
    below: channels * planes * sizeY * sizeX,
    beside: channels * Math.min(geometry.outputPatchSize[0], sizeZ) * rows * sizeX,
  }
}
