import { allocate, type Compute, type KernelSession } from '@chunkflow/sdk'
import type { PatchGeometry, PatchGrid } from './geometry.js'
import base64 from './kernels/blend.wasm.js'
import { planWeightSums, type WeightSums } from './weight-sums.js'

/** How the patches of a chunk lie, and what they weigh. */
export interface BlendLayout {
  readonly geometry: PatchGeometry
  readonly grid: PatchGrid
  /** (z, y, x) of the output patch; the same for equal geometries. */
  readonly weights: Float32Array
  /** What kept sums of weights may take. */
  readonly sumsBytes: number
}

/** A session of the blend kernel for one chunk. */
export interface BlendKernel {
  readonly session: KernelSession
  /** Undefined where weights are not normalised. */
  readonly sums: WeightSums | undefined
  /** Puts the patch weights, and sums that are kept, into the kernel's memory, behind what lies there. */
  start(): Promise<void>
  /** Ends its use. @param intact false after a failure: nothing is kept of it */
  close(intact: boolean): Promise<void>
}

export interface BlendKernels {
  open(layout: BlendLayout, signal: AbortSignal | undefined): Promise<BlendKernel>
}

interface Kept {
  readonly layout: string
  readonly plan: WeightSums
  /** Filled by the second of equal chunks. */
  sums: Float32Array | undefined
  /** Which rows of the sums are there, one byte a row. */
  made: Uint8Array | undefined
}

/**
 * Blend kernels for chunk after chunk. Sums of weights are kept from the second of equal chunks on. Not before: to put them
 * into memory that was never touched takes about as long as to make them, which one chunk does not pay back.
 */
export function createBlendKernels(compute: Compute): BlendKernels {
  let kept: Kept | undefined

  return {
    async open(layout, signal) {
      const { geometry, grid, weights, sumsBytes } = layout
      const planSums = (bytes: number) => planWeightSums(grid, geometry.outputPatchSize, bytes)
      const key = keyOf(layout)
      const again = kept?.layout === key ? kept : undefined
      const sums = geometry.masked ? (again?.plan ?? planSums(0)) : undefined
      const options = signal === undefined ? {} : { signal }
      const session = await compute.open({ name: 'blend', base64, sharedMemory: true }, options)
      const put = (region: Region, view: ArrayBufferView) =>
        session.call({ export: 'read', args: [region, 0, { in: view }, view.byteLength] })

      /** Takes the sums out of the kernel for the next chunk. */
      async function keep(plan: WeightSums): Promise<void> {
        if (again === undefined) {
          kept = { layout: key, plan: planSums(sumsBytes), sums: undefined, made: undefined }
          return
        }
        if (again.sums !== undefined || plan.rows === 0) return
        const sums = allocate('float32', plan.bytes / 4) as Float32Array
        const made = allocate('uint8', plan.rows) as Uint8Array
        const { sums: sumsRegion, made: madeRegion } = sumsRegions(plan)
        await Promise.all([
          session.readKept(sumsRegion.keep, 0, sums),
          session.readKept(madeRegion.keep, 0, made),
        ])
        again.sums = sums
        again.made = made
      }

      return {
        session,
        sums,
        async start() {
          await put(weightsRegion(weights), weights)
          if (again?.sums === undefined || again.made === undefined) return
          const regions = sumsRegions(again.plan)
          await Promise.all([put(regions.sums, again.sums), put(regions.made, again.made)])
        },
        async close(intact) {
          try {
            if (intact && sums !== undefined) await keep(sums)
          } finally {
            await session.close()
          }
        },
      }
    },
  }
}

interface Region {
  readonly keep: string
  readonly bytes: number
}

export const weightsRegion = (weights: Float32Array): Region => ({
  keep: 'weights',
  bytes: weights.byteLength,
})

/** Where the kernel keeps sums that are used again, and which of them it has. */
export const sumsRegions = ({
  rows,
  bytes,
}: WeightSums): { readonly made: Region; readonly sums: Region } => ({
  made: { keep: 'made', bytes: rows },
  sums: { keep: 'sums', bytes },
})

/** Equal for chunks whose patches lie in the same way. */
const keyOf = ({ geometry, grid, sumsBytes }: BlendLayout): string =>
  JSON.stringify([geometry, grid.outputSize, grid.outputStarts, sumsBytes])
