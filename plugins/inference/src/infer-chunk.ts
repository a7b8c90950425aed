import {
  addZyx,
  type BoundingBox,
  boxFromSize,
  type Chunk,
  type Compute,
  channelCount,
  createChunk,
  emptyChunk,
  type LayerType,
  type Model,
  productZyx,
  type RunContext,
  type TypedArray,
  withProperties,
  zyx,
} from '@chunkflow/sdk'
import { isAllZero } from './all-zero.js'
import { type BlendKernels, createBlendKernels } from './blend-kernels.js'
import { openBlender } from './blender.js'
import type { PatchGeometry, PatchGrid } from './geometry.js'
import type { OutputMask } from './output-mask.js'
import { openPatchCutter } from './patch-cutter.js'
import { type LeftOut, runPatches } from './run-patches.js'
import {
  addsInPlace,
  checkMemory,
  type InferenceOptions,
  memoryNeeds,
  myelinThreshold,
  resultChannels,
  sumsLimit,
} from './settings.js'
import { sinPattern } from './sin-pattern.js'

export interface ChunkJob {
  readonly chunk: Chunk
  readonly options: InferenceOptions
  readonly geometry: PatchGeometry
  readonly grid: PatchGrid
}

/** The result's place: behind the margins of the input. */
const placement = ({ chunk, geometry }: ChunkJob) => ({
  voxelOffset: chunk.voxelOffset.map((offset, axis) => offset + geometry.outputOffset[axis]!),
  voxelSize: chunk.voxelSize,
})

/** Where the output of a chunk will lie. */
export const outputBox = (job: ChunkJob): BoundingBox =>
  boxFromSize(zyx(...(placement(job).voxelOffset as [number, number, number])), job.grid.outputSize)

/** Where the result of one patch lies; it may overhang the output. */
function resultBox(job: ChunkJob, index: readonly [number, number, number]): BoundingBox {
  const { outputStarts } = job.grid
  const start = zyx(outputStarts[0][index[0]]!, outputStarts[1][index[1]]!, outputStarts[2][index[2]]!)
  return boxFromSize(addZyx(outputBox(job).start, start), job.geometry.outputPatchSize)
}

/**
 * Runs a model over a chunk (specification 4.4).
 * @param weights of one output patch, float32
 * @returns (channels, z, y, x) float32 or float16
 * @throws output-range, inference-memory, and what the model throws
 */
export async function inferChunk(
  job: ChunkJob & {
    readonly model: Model
    readonly weights: Float32Array
    readonly compute: Compute
    /** Where the next chunk may find sums of weights of this one; undefined: there is none. */
    readonly blendKernels?: BlendKernels
    /** Voxels it removes are 0, and patches without any other do not reach the model. */
    readonly mask?: OutputMask
    /** Told which patches the model did not get. */
    readonly onLeftOut?: (leftOut: LeftOut) => void
    readonly context: Pick<RunContext, 'signal' | 'progress'>
    readonly postableBytes?: number
    /** What kept sums of weights may take; undefined: their share. */
    readonly sumsBytes?: number
  },
): Promise<Chunk> {
  const { chunk, options, geometry, grid, model, compute, context } = job
  const { numInputChannels: inputChannels, numOutputChannels: channels, dtype } = options
  const posting = job.postableBytes === undefined ? {} : { postableBytes: job.postableBytes }
  const input = { dtype: chunk.dtype, channels: channelCount(chunk) }
  const needs = memoryNeeds(geometry, grid, options, input, model, job.postableBytes)
  checkMemory(needs)
  if (isAllZero(chunk)) return finished(job, emptyChunk(dtype, [channels, ...grid.outputSize]).data, true)
  const { signal } = context
  const cutter = await openPatchCutter(compute, chunk, {
    patchSize: geometry.inputPatchSize,
    inputChannels,
    signal,
    ...posting,
  })
  const bar = context.progress.start('inference', grid.patchCount, 'patches')
  try {
    const blender = await openBlender(job.blendKernels ?? createBlendKernels(compute), {
      half: dtype === 'float16',
      inPlace: addsInPlace(needs, dtype, job.postableBytes),
      channels,
      geometry,
      grid,
      weights: job.weights,
      sumsBytes: job.sumsBytes ?? sumsLimit(needs.output),
      weighted: model.weighted ?? false,
      resultSize: model.resultSize,
      myelinThreshold: myelinThreshold(options),
      signal,
      ...posting,
    })
    try {
      const { mask } = job
      const leftOut = await runPatches({
        model,
        cutter,
        blender,
        grid,
        inputPatchSize: geometry.inputPatchSize,
        inputChannels,
        batchSize: options.batchSize,
        skipBlank: options.skipBlankPatches,
        wants: mask && (([z, y, x]) => mask.wants(resultBox(job, [z, y, x]))),
        signal,
        onPatches: (count) => bar.advance(count),
      })
      job.onLeftOut?.(leftOut)
      const { withinUnit } = await blender.finish()
      mask?.apply(createChunk(blender.output, [channels, ...grid.outputSize], { dtype, ...placement(job) }))
      return finished(job, blender.output, withinUnit)
    } finally {
      await blender.close()
    }
  } finally {
    await cutter.close()
    bar.end()
  }
}

/** What a dry run gives: the right place, shape and dtype, a pattern for voxels. */
export function patternChunk(job: ChunkJob): Chunk {
  return finished(job, sinPattern(job.grid.outputSize, resultChannels(job.options), job.options.dtype), true)
}

/** Leaves out the myelin channel; the layer type follows from what is known of the values (specification 2.1). */
function finished(job: ChunkJob, data: TypedArray, withinUnit: boolean): Chunk {
  const channels = resultChannels(job.options)
  const { dtype } = job.options
  const layerType: LayerType =
    dtype !== 'float32'
      ? 'unknown'
      : withinUnit
        ? 'probability_map'
        : channels === 3
          ? 'affinity_map'
          : 'unknown'
  const size = job.grid.outputSize
  const kept = data.subarray(0, channels * productZyx(size)) as TypedArray
  const chunk = createChunk(kept, [channels, ...size], { ...placement(job), dtype, layerType })
  return withProperties(chunk, { layerTypeDeclared: false })
}
