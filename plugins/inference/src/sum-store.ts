import type { KernelSession, TypedArray } from '@chunkflow/sdk'
import type { BandRow } from './band-rows.js'
import type { PatchGeometry, PatchGrid } from './geometry.js'

/** Where weighted patches are added up: a kept region of the blend kernel, float32, and how it becomes the output. */
export interface SumStore {
  /** (channels, z, y, x); a voxel is there when the row of patches that completes it is closed. */
  readonly output: TypedArray
  readonly region: { readonly keep: string; readonly bytes: number }
  /** In elements of the region. */
  readonly channelStride: number
  readonly planeStride: number
  /** Element of the region at which plane `z0`, row `y0` of a row of patches lies while that row is in work. */
  first(row: BandRow): number
  /** Brings partial sums of earlier rows into the region. */
  open(row: BandRow): Promise<void>
  /** Takes finished voxels and partial sums out of it. */
  close(row: BandRow): Promise<void>
}

export interface SumSettings {
  readonly channels: number
  readonly geometry: PatchGeometry
  readonly grid: PatchGrid
  readonly half: boolean
  readonly postableBytes?: number
}

/** Sums in the memory of the kernel that become the output where they are: nothing is moved. */
export async function sumsInPlace(
  session: KernelSession,
  { channels, grid }: SumSettings,
): Promise<SumStore> {
  const [sizeZ, sizeY, sizeX] = grid.outputSize
  const planeStride = sizeY * sizeX
  const length = channels * sizeZ * planeStride
  const region = { keep: 'output', bytes: 4 * length }
  await session.call({ export: 'hold', args: [region] })
  const { buffer, byteOffset } = await session.keptView(region.keep)
  return {
    output: new Float32Array(buffer, byteOffset, length),
    region,
    channelStride: sizeZ * planeStride,
    planeStride,
    first: ({ z0, y0 }) => z0 * planeStride + y0 * sizeX,
    open: async () => {},
    close: async () => {},
  }
}
