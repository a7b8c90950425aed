import { allocate, chunkflowError, type Model, productZyx, type Zyx, zyx } from '@chunkflow/sdk'
import type { BandBlender, PatchIndex } from './band-blender.js'
import type { PatchGrid } from './geometry.js'
import type { PatchCutter } from './patch-cutter.js'

export interface PatchRun {
  readonly model: Model
  readonly cutter: PatchCutter
  readonly blender: BandBlender
  readonly grid: PatchGrid
  readonly inputPatchSize: Zyx
  readonly inputChannels: number
  readonly batchSize: number
  readonly signal: AbortSignal
  /** Told how many patches have left the model. */
  readonly onPatches: (count: number) => void
}

/**
 * Sends all patches through the model, batch by batch. While the model runs batch k, batch k - 1 is blended and batch
 * k + 1 is cut; two batch buffers of each kind exist, never more.
 */
export async function runPatches(run: PatchRun): Promise<void> {
  const { model, cutter, blender, grid, signal } = run
  const patches = scanOrder(grid)
  const slots = Math.min(run.batchSize, patches.length)
  const slotLength = run.inputChannels * productZyx(run.inputPatchSize)
  const resultLength = model.channels * productZyx(model.resultSize)
  const inputs = [allocateFloats(slots * slotLength), allocateFloats(slots * slotLength)]
  const results = [allocateFloats(slots * resultLength), allocateFloats(slots * resultLength)]
  const batches = Math.ceil(patches.length / slots)
  const batchOf = (batch: number) => patches.slice(batch * slots, (batch + 1) * slots)

  async function cutBatch(batch: number): Promise<void> {
    if (batch >= batches) return
    const buffer = inputs[batch % 2]!
    for (const [slot, index] of batchOf(batch).entries()) {
      const start = grid.inputStarts.map((starts, axis) => starts[index[axis]!]!) as [number, number, number]
      await cutter.cut(start, buffer.subarray(slot * slotLength, (slot + 1) * slotLength))
    }
  }
  async function blendBatch(batch: number): Promise<void> {
    const buffer = results[batch % 2]!
    for (const [slot, index] of batchOf(batch).entries())
      await blender.blend(index, buffer.subarray(slot * resultLength, (slot + 1) * resultLength))
  }

  let blending: Promise<void> = Promise.resolve()
  await cutBatch(0)
  for (let batch = 0; batch < batches; batch++) {
    if (signal.aborted) {
      await Promise.allSettled([blending])
      throw chunkflowError('run-interrupted', 'The run was stopped between two batches of patches', {
        retryable: true,
      })
    }
    const count = batchOf(batch).length
    const cutting = cutBatch(batch + 1)
    const running = (async () => model.run(inputs[batch % 2]!, count, results[batch % 2]!))()
    await allDone([running, cutting, blending])
    run.onPatches(count)
    blending = blendBatch(batch)
  }
  await blending
}

const allocateFloats = (length: number): Float32Array => allocate('float32', length) as Float32Array

/** Patch indices, z slowest. */
function scanOrder({ inputStarts: [z, y, x] }: PatchGrid): PatchIndex[] {
  return z.flatMap((_, a) => y.flatMap((_, b) => x.map((_, c) => zyx(a, b, c))))
}

/** Waits for all, so that nobody writes into a buffer after a failure; then throws the first failure. */
async function allDone(jobs: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(jobs)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
