import { bytesPerElement, type Dtype, type TypedArray, type Zyx } from '@chunkflow/kernel/authoring'
import type { KernelSession } from '../contracts/compute.js'
import { type ComputeServices, computeOptions } from './compute-services.js'
import connectedRuns from './connected-runs.wasm.js'
import { pieceOf, rangesOf } from './pieces.js'
import { stitchGroups } from './stitch-groups.js'

/** How much is labelled at once. */
export interface LabelLimits {
  /** Voxels labelled in one kernel memory of 4 GiB: random labels need up to 21 bytes there for each. */
  readonly groupVoxels: number
  /** Rows labelled in one kernel memory; each needs up to 44 bytes, not counting its voxels. */
  readonly groupRows: number
  /** Bytes copied into and out of that memory by one call: few enough for a processor's cache. */
  readonly pieceBytes: number
}
export const LABEL_LIMITS: LabelLimits = Object.freeze({
  groupVoxels: 2 ** 27,
  groupRows: 2 ** 24,
  pieceBytes: 2 ** 21,
})

/** A 3-D array of integers to label. */
export interface LabelInput {
  readonly data: TypedArray
  readonly dtype: Dtype
  readonly shapeZyx: Zyx
  readonly connectivity: 6 | 18 | 26
}

/**
 * Labels an array group by group (a group is a range of x rows, in scan order), then stitches the groups.
 * @param labels as many elements as the input, all written: labels 1..count in scan order. 32 bits are enough: typed arrays
 * have at most 2^32 elements
 * @returns count
 */
export async function labelRuns(
  input: LabelInput,
  labels: Uint32Array,
  services: ComputeServices,
  { groupVoxels, groupRows, pieceBytes } = LABEL_LIMITS,
): Promise<number> {
  const [nz, ny, nx] = input.shapeZyx
  if (labels.length === 0) return 0
  const groups = [...rangesOf(0, nz * ny, Math.min(groupRows, groupVoxels / nx))]
  let count = 0
  for (const rows of groups) count = await labelGroup(input, labels, rows, count, pieceBytes, services)
  if (groups.length > 1) count = stitchGroups(input, labels, groups, count)
  return count
}

/** Labels one group with numbers above `base`; returns the last one. */
async function labelGroup(
  { data, dtype, shapeZyx, connectivity }: LabelInput,
  labels: Uint32Array,
  [firstRow, endRow]: readonly [number, number],
  base: number,
  pieceBytes: number,
  services: ComputeServices,
): Promise<number> {
  const [, ny, nx] = shapeZyx
  const bytes = bytesPerElement(dtype)
  const roomBytes = Math.max(pieceBytes, nx * Math.max(bytes, 4))
  const session: KernelSession = await services.compute.open(
    { name: 'connected-runs', base64: connectedRuns },
    computeOptions(services),
  )
  try {
    const geometry = [nx, endRow - firstRow, ny, firstRow % ny, connectivity, bytes]
    await session.call({ export: 'begin', args: [{ heap: true }, roomBytes, ...geometry] })
    for (const [from, to] of rangesOf(firstRow, endRow, pieceBytes / (nx * bytes)))
      await session.call({
        export: `scan${bytes * 8}`,
        args: [{ in: pieceOf(data, from * nx, to * nx) }, to - from],
      })
    const last = Number(await session.call({ export: 'resolve', args: [base] })) >>> 0
    for (const [from, to] of rangesOf(firstRow, endRow, pieceBytes / (nx * 4)))
      await session.call({
        export: 'write',
        args: [{ out: pieceOf(labels, from * nx, to * nx) }, from - firstRow, to - from],
      })
    return last
  } finally {
    await session.close()
  }
}
