import { ceilDivideZyx, type Zyx, zyx } from '@chunkflow/kernel/authoring'
import type { KernelCall, WasmKernel } from '../contracts/compute.js'
import { type ComputeServices, computeOptions } from './compute-services.js'
import { rangesOf } from './pieces.js'

/** Elements [start, end). */
export type ElementRange = readonly [start: number, end: number]

/** A part of a volume that one kernel call makes coarser by 1 or 2 along each axis. */
export interface HalvingPiece {
  /** Whole sections one after another, or rows of one section. */
  readonly first: ElementRange
  /** The same rows of the next section, when `first` is not whole sections and z is halved. */
  readonly second: ElementRange | null
  /** The result. */
  readonly target: ElementRange
  readonly sections: number
  readonly rows: number
}

/** Cuts a volume into pieces of about `elements` voxels: whole sections if they are that small, else rows. */
export function* halvingPieces(
  size: Zyx,
  channels: number,
  factor: Zyx,
  elements: number,
): Generator<HalvingPiece> {
  const [nz, ny, nx] = size
  if (channels > 1 && nz % factor[0] === 0) {
    // no pair of sections belongs to two channels: they are one stack of sections, and fewer calls
    yield* halvingPieces(zyx(channels * nz, ny, nx), 1, factor, elements)
    return
  }
  const [coarseZ, coarseY, coarseX] = ceilDivideZyx(size, factor)
  const plane = ny * nx
  const coarsePlane = coarseY * coarseX
  if (nz * plane * channels === 0) return
  const pairs = Math.floor(elements / (plane * factor[0]))
  for (let channel = 0; channel < channels; channel++)
    for (const [z, endZ] of rangesOf(0, coarseZ, pairs)) {
      const source = channel * nz + z * factor[0]
      const sections = Math.min(nz - z * factor[0], (endZ - z) * factor[0])
      const target = (channel * coarseZ + z) * coarsePlane
      const rowGroups = pairs >= 1 ? coarseY : elements / (nx * factor[0] * factor[1])
      for (const [y, endY] of rangesOf(0, coarseY, rowGroups)) {
        const from = y * factor[1]
        const rows = Math.min(ny, endY * factor[1]) - from
        const whole = rows === ny
        const start = source * plane + from * nx
        const targetStart = target + y * coarseX
        yield {
          first: [start, start + (whole ? sections * plane : rows * nx)],
          second: whole || sections === 1 ? null : [start + plane, start + plane + rows * nx],
          target: [targetStart, targetStart + (whole ? (endZ - z) * coarsePlane : (endY - y) * coarseX)],
          sections,
          rows,
        }
      }
    }
}

/** Calls that make a session worth opening: it costs a worker. */
const CALLS_PER_SESSION = 8

/** Makes independent calls, on several sessions when there are many. */
export async function runCalls(
  kernel: WasmKernel,
  calls: readonly KernelCall[],
  services: ComputeServices,
): Promise<void> {
  const { compute } = services
  const sessions = Math.max(1, Math.min(compute.concurrency, Math.floor(calls.length / CALLS_PER_SESSION)))
  const queue = eachOf(calls)
  const work = async (): Promise<void> => {
    const session = await compute.open(kernel, computeOptions(services))
    try {
      for (const call of queue) await session.call(call)
    } finally {
      await session.close()
    }
  }
  // a failure leaves its loop, which closes the shared generator and so ends the other loops
  const results = await Promise.allSettled(Array.from({ length: sessions }, work))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

function* eachOf<T>(items: readonly T[]): Generator<T> {
  yield* items
}
