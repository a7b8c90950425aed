import { allocate, chunkflowError, type Model, productZyx, type Zyx, zyx } from '@chunkflow/sdk'
import type { Blender, PatchIndex } from './blender.js'
import type { PatchGrid } from './geometry.js'
import type { PatchCutter } from './patch-cutter.js'

export interface PatchRun {
  readonly model: Model
  readonly cutter: PatchCutter
  readonly blender: Blender
  readonly grid: PatchGrid
  readonly inputPatchSize: Zyx
  readonly inputChannels: number
  readonly batchSize: number
  /** Take the results of patches of zeros for zeros, instead of asking the model. */
  readonly skipBlank: boolean
  /** False for patches whose results will be masked: they are taken for zeros. Undefined: all are wanted. */
  readonly wants: ((index: PatchIndex) => boolean) | undefined
  readonly signal: AbortSignal
  /** Told how many patches are done with. */
  readonly onPatches: (count: number) => void
}

/** Patches that the model did not get. */
export interface LeftOut {
  readonly blank: number
  readonly masked: number
}

/** Patches in scan order; those for the model have a slot of the batch. */
interface Batch {
  readonly patches: readonly { readonly index: PatchIndex; readonly slot: number | undefined }[]
  /** Slots filled. */
  readonly count: number
}

/**
 * Sends patches through the model, batch by batch. While the model runs batch k, batch k - 1 is blended and batch
 * k + 1 is cut; two batch buffers of each kind exist, never more.
 */
export async function runPatches(run: PatchRun): Promise<LeftOut> {
  const { model, cutter, blender, grid, signal } = run
  const order = scanOrder(grid)
  const slots = Math.min(run.batchSize, order.length)
  const slotLength = run.inputChannels * productZyx(run.inputPatchSize)
  const resultLength = model.channels * productZyx(model.resultSize)
  const inputs = [allocateFloats(slots * slotLength), allocateFloats(slots * slotLength)]
  const results = [allocateFloats(slots * resultLength), allocateFloats(slots * resultLength)]
  const leftOut = { blank: 0, masked: 0 }
  let next = 0

  async function cutBatch(turn: number): Promise<Batch> {
    const buffer = inputs[turn % 2]!
    const patches: Batch['patches'][number][] = []
    let count = 0
    while (count < slots && next < order.length) {
      const index = order[next++]!
      if (run.wants?.(index) === false) {
        leftOut.masked += 1
        patches.push({ index, slot: undefined })
        continue
      }
      const start = grid.inputStarts.map((starts, axis) => starts[index[axis]!]!) as [number, number, number]
      const filled = await cutter.cut(start, buffer.subarray(count * slotLength, (count + 1) * slotLength))
      if (run.skipBlank && !filled) {
        leftOut.blank += 1
        patches.push({ index, slot: undefined })
      } else patches.push({ index, slot: count++ })
    }
    return { patches, count }
  }
  async function runBatch(turn: number, { count }: Batch): Promise<void> {
    if (count > 0) await model.run(inputs[turn % 2]!, count, results[turn % 2]!)
  }
  async function blendBatch(turn: number, { patches }: Batch): Promise<void> {
    const buffer = results[turn % 2]!
    for (const { index, slot } of patches)
      await blender.blend(
        index,
        slot === undefined ? undefined : buffer.subarray(slot * resultLength, (slot + 1) * resultLength),
      )
  }

  let blending: Promise<void> = Promise.resolve()
  let batch = await cutBatch(0)
  for (let turn = 0; batch.patches.length > 0; turn++) {
    if (signal.aborted) {
      await Promise.allSettled([blending])
      throw chunkflowError('run-interrupted', 'The run was stopped between two batches of patches', {
        retryable: true,
      })
    }
    const [following] = await allDone([cutBatch(turn + 1), runBatch(turn, batch), blending])
    run.onPatches(batch.patches.length)
    blending = blendBatch(turn, batch)
    batch = following
  }
  await blending
  return leftOut
}

const allocateFloats = (length: number): Float32Array => allocate('float32', length) as Float32Array

/** Patch indices, z slowest. */
function scanOrder({ inputStarts: [z, y, x] }: PatchGrid): PatchIndex[] {
  return z.flatMap((_, a) => y.flatMap((_, b) => x.map((_, c) => zyx(a, b, c))))
}

/** Waits for all, so that nobody writes into a buffer after a failure; then throws the first failure. */
async function allDone<T extends readonly unknown[]>(
  jobs: {
    readonly [K in keyof T]: Promise<T[K]>
  },
): Promise<T> {
  const outcomes = await Promise.allSettled(jobs)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }) as unknown as T
}
