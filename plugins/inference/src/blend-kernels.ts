import type { Compute, KernelSession } from '@chunkflow/sdk'
import type { PatchGeometry, PatchGrid } from './geometry.js'
import base64 from './kernels/blend.wasm.js'
import { planWeightSums, type WeightSums } from './weight-sums.js'

/** What the memory of a blend kernel is laid out for. */
export interface BlendLayout {
  readonly geometry: PatchGeometry
  readonly grid: PatchGrid
  readonly channels: number
  /** (z, y, x) of the output patch; the same for equal geometries. */
  readonly weights: Float32Array
  /** What kept sums of weights may take. */
  readonly sumsBytes: number
  /** Whether the kernel may wait for the next chunk, with all its memory. */
  readonly keep: boolean
}

/** A session of the blend kernel that has the patch weights. */
export interface BlendKernel {
  readonly session: KernelSession
  /** Undefined where weights are not normalised. */
  readonly sums: WeightSums | undefined
  /** Ends its use for a chunk. @param intact false after a failure: it is not used again */
  release(intact: boolean): Promise<void>
}

export interface BlendKernels {
  /** The kernel that waits, if its chunk was laid out in the same way, else a new one. */
  open(layout: BlendLayout, signal: AbortSignal | undefined): Promise<BlendKernel>
  dispose(): Promise<void>
}

interface Waiting {
  readonly layout: string
  /** A session obeys the signal it was opened with, and no other. */
  readonly signal: AbortSignal | undefined
  readonly session: KernelSession
  /** For the next chunk. */
  readonly sums: WeightSums | undefined
}

/**
 * Blend kernels for chunk after chunk. One may wait for the next chunk: if that has equal patches, the band and the patch
 * weights have their memory already, and sums of weights are kept from then on. Not before: to put them into memory that
 * was never touched takes about as long as to make them, which one chunk does not pay back.
 */
export function createBlendKernels(compute: Compute): BlendKernels {
  let waiting: Waiting | undefined

  async function replaceWaiting(next?: Waiting): Promise<void> {
    const former = waiting
    waiting = next
    await former?.session.close()
  }
  async function takeWaiting(layout: string, signal: AbortSignal | undefined): Promise<Waiting | undefined> {
    const found = waiting
    if (found?.layout === layout && found.signal === signal) {
      waiting = undefined
      return found
    }
    await replaceWaiting()
    return undefined
  }

  return {
    async open(layout, signal) {
      const key = keyOf(layout)
      const found = await takeWaiting(key, signal)
      const session = found?.session ?? (await startSession(compute, layout.weights, signal))
      const sums = found === undefined ? planSums(layout, 0) : found.sums
      return {
        session,
        sums,
        release: (intact) =>
          intact && layout.keep
            ? replaceWaiting({
                layout: key,
                signal,
                session,
                sums: found?.sums ?? planSums(layout, layout.sumsBytes),
              })
            : session.close(),
      }
    },
    dispose: () => replaceWaiting(),
  }
}

export const weightsRegion = (weights: Float32Array) => ({ keep: 'weights', bytes: weights.byteLength })

async function startSession(
  compute: Compute,
  weights: Float32Array,
  signal: AbortSignal | undefined,
): Promise<KernelSession> {
  const session = await compute.open({ name: 'blend', base64 }, signal === undefined ? {} : { signal })
  await session.call({
    export: 'read',
    args: [weightsRegion(weights), 0, { in: weights }, weights.byteLength],
  })
  return session
}

const planSums = ({ geometry, grid }: BlendLayout, keepBytes: number): WeightSums | undefined =>
  geometry.masked ? planWeightSums(grid, geometry.outputPatchSize, keepBytes) : undefined

/** Equal for chunks whose patches lie in the same way. */
const keyOf = ({ geometry, grid, channels, sumsBytes }: BlendLayout): string =>
  JSON.stringify([geometry, grid.outputSize, grid.outputStarts, channels, sumsBytes])
