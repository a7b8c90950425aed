/** For the tests of this plugin: models that need no file, and inference done the slow way. */
import {
  type Chunk,
  channelCount,
  type InferenceBackend,
  integerMaximum,
  isInteger,
  type ModelSettings,
  productZyx,
  spatialSize,
  type Zyx,
} from '@chunkflow/sdk'
import { axisStarts, type PatchGeometry } from '../geometry.js'
import type { InferenceOptions } from '../settings.js'
import { patchWeights } from '../weights.js'

/** Small anisotropic patches that overlap, on chunks of any size. */
export const SMALL_OPTIONS: InferenceOptions = {
  inputPatchSize: [6, 16, 20],
  outputPatchSize: undefined,
  outputPatchOverlap: [2, 4, 6],
  outputCropMargin: undefined,
  patchNum: undefined,
  numInputChannels: 1,
  numOutputChannels: 2,
  dtype: 'float32',
  batchSize: 3,
  bump: 'wu',
  maskOutputChunk: true,
  maskMyelinThreshold: undefined,
  augment: false,
  augmentAffinity: false,
  skipBlankPatches: false,
}

type Run = (batch: Float32Array, count: number, result: Float32Array) => void

/** A backend around one function; remembers what it was asked. */
export function fakeBackend(
  run: (settings: ModelSettings) => Run,
  change: { channels?: number; resultSize?: Zyx; weighted?: boolean } = {},
): InferenceBackend & { readonly loads: ModelSettings[]; readonly counts: number[]; disposed: number } {
  const loads: ModelSettings[] = []
  const counts: number[] = []
  const backend = {
    loads,
    counts,
    disposed: 0,
    async load(settings: ModelSettings) {
      loads.push(settings)
      const runBatch = run(settings)
      return {
        computeDevice: 'test device',
        channels: settings.outputChannels,
        resultSize: settings.outputPatchSize,
        ...change,
        async run(batch: Float32Array, count: number, result: Float32Array) {
          counts.push(count)
          runBatch(batch, count, result)
        },
        dispose: () => {
          backend.disposed += 1
        },
      }
    },
  }
  return backend
}

/** The middle of the patch in every channel. */
export const identityRun =
  ({ inputPatchSize, outputPatchSize, inputChannels, outputChannels }: ModelSettings): Run =>
  (batch, count, result) =>
    eachResult(count, outputChannels, inputPatchSize, outputPatchSize, (item, _channel, from, to) => {
      result[to] = batch[item * inputChannels * productZyx(inputPatchSize) + from]!
    })

/**
 * Depends on channel, place in the patch and value, is not symmetric, and stays within [0, 1]: any mistake of patches,
 * weights, axes or channels shows.
 */
export const unevenRun =
  (settings: ModelSettings, resultSize = settings.outputPatchSize, channels = settings.outputChannels): Run =>
  (batch, count, result) =>
    eachResult(count, channels, settings.inputPatchSize, resultSize, (item, channel, from, to, z, y, x) => {
      const place = ((z * 5 + y * 3 + x) % 7) / 10
      const input = channel % settings.inputChannels
      const value =
        batch[(item * settings.inputChannels + input) * productZyx(settings.inputPatchSize) + from]!
      result[to] = 0.3 * value + 0.1 * place + 0.05 * channel
    })

function eachResult(
  count: number,
  channels: number,
  inputSize: Zyx,
  resultSize: Zyx,
  visit: (item: number, channel: number, from: number, to: number, z: number, y: number, x: number) => void,
): void {
  const margin = inputSize.map((size, axis) => (size - resultSize[axis]!) / 2) as [number, number, number]
  let to = 0
  for (let item = 0; item < count; item++)
    for (let channel = 0; channel < channels; channel++)
      for (let z = 0; z < resultSize[0]; z++)
        for (let y = 0; y < resultSize[1]; y++)
          for (let x = 0; x < resultSize[2]; x++) {
            const from = ((z + margin[0]) * inputSize[1] + y + margin[1]) * inputSize[2] + x + margin[2]
            visit(item, channel, from, to++, z, y, x)
          }
}

/**
 * Specification 4.4 step by step, in float64: every patch cut, run, cropped, weighted and added voxel by voxel; in masked
 * mode divided by the blended weights. No slabs, no workers.
 */
export function referenceInference(
  chunk: Chunk,
  geometry: PatchGeometry,
  settings: ModelSettings,
  run: Run,
  resultSize: Zyx = settings.outputPatchSize,
): { values: Float64Array; size: Zyx } {
  const inputSize = spatialSize(chunk)
  const { outputPatchSize, inputPatchSize, outputOffset, patchCropMargin } = geometry
  const size = inputSize.map((value, axis) => value - 2 * outputOffset[axis]!) as unknown as Zyx
  const { inputChannels, outputChannels } = settings
  const sums = new Float64Array(outputChannels * productZyx(size))
  const weightSums = new Float64Array(productZyx(size))
  const weights = patchWeights(outputPatchSize, geometry.overlap)
  const divisor = isInteger(chunk.dtype) ? Number(integerMaximum(chunk.dtype)) : 1
  const starts = [0, 1, 2].map((axis) =>
    axisStarts(inputSize[axis]!, inputPatchSize[axis]!, geometry.inputOverlap[axis]!, geometry.stride[axis]!),
  )
  const crop = resultSize.map((value, axis) => (value - outputPatchSize[axis]!) / 2)
  const patch = new Float32Array(inputChannels * productZyx(inputPatchSize))
  const result = new Float32Array(outputChannels * productZyx(resultSize))
  for (const z0 of starts[0]!)
    for (const y0 of starts[1]!)
      for (const x0 of starts[2]!) {
        let index = 0
        for (let channel = 0; channel < inputChannels; channel++)
          for (let z = 0; z < inputPatchSize[0]; z++)
            for (let y = 0; y < inputPatchSize[1]; y++)
              for (let x = 0; x < inputPatchSize[2]; x++) {
                const source = channelCount(chunk) === 1 ? 0 : channel
                const at = ((source * inputSize[0] + z0 + z) * inputSize[1] + y0 + y) * inputSize[2] + x0 + x
                patch[index++] = Number(chunk.data[at]) / divisor
              }
        run(patch, 1, result)
        for (let channel = 0; channel < outputChannels; channel++)
          for (let z = 0; z < outputPatchSize[0]; z++)
            for (let y = 0; y < outputPatchSize[1]; y++)
              for (let x = 0; x < outputPatchSize[2]; x++) {
                const place = [z0 + z, y0 + y, x0 + x].map(
                  (value, axis) => value + patchCropMargin[axis]! - outputOffset[axis]!,
                ) as [number, number, number]
                if (place.some((value, axis) => value < 0 || value >= size[axis]!)) continue
                const weight = weights[(z * outputPatchSize[1] + y) * outputPatchSize[2] + x]!
                const voxel = (place[0] * size[1] + place[1]) * size[2] + place[2]
                const from =
                  ((channel * resultSize[0] + z + crop[0]!) * resultSize[1] + y + crop[1]!) * resultSize[2] +
                  x +
                  crop[2]!
                sums[channel * productZyx(size) + voxel]! += result[from]! * weight
                if (channel === 0) weightSums[voxel]! += weight
              }
      }
  const values = geometry.masked
    ? sums.map((sum, index) => sum / weightSums[index % weightSums.length]!)
    : sums
  return { values, size }
}
