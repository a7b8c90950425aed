import {
  bytesPerElement,
  chunkflowError,
  type Dtype,
  formatSize,
  productZyx,
  type VariableType,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { POSTABLE_BYTES } from './array-port.js'
import { carrySizes } from './band-rows.js'
import { type PatchGeometry, type PatchGrid, patchGeometry, planPatches } from './geometry.js'
import { pieceBytes } from './piece-bytes.js'
import { planWeightSums } from './weight-sums.js'

type Triple = readonly [number, number, number]

/** The options of the operator that shape its result. */
export interface InferenceOptions {
  readonly inputPatchSize: Triple
  readonly outputPatchSize: Triple | undefined
  readonly outputPatchOverlap: Triple
  readonly outputCropMargin: Triple | undefined
  readonly patchNum: Triple | undefined
  readonly numInputChannels: number
  readonly numOutputChannels: number
  readonly dtype: 'float32' | 'float16'
  readonly batchSize: number
  readonly bump: 'wu' | 'zung'
  readonly maskOutputChunk: boolean
  readonly maskMyelinThreshold: number | undefined
  readonly augment: boolean
  /** As augment, for affinities: channels follow the axes they belong to. */
  readonly augmentAffinity: boolean
  readonly skipBlankPatches: boolean
}

/**
 * Checks options against each other and gives the geometry they mean.
 * @throws patch-invalid, flag-invalid
 */
export function geometryOf(options: InferenceOptions): PatchGeometry {
  const inputPatchSize = zyx(...options.inputPatchSize)
  if (options.bump === 'zung')
    throw chunkflowError('flag-invalid', 'The bump "zung" was never implemented', { fix: 'use --bump wu' })
  if (myelinThreshold(options) !== undefined && options.numOutputChannels !== 4)
    throw chunkflowError(
      'flag-invalid',
      `A myelin mask needs 4 output channels, the last of them myelin, not ${options.numOutputChannels}`,
      { fix: 'add --num-output-channels 4, or leave out --mask-myelin-threshold' },
    )
  const geometry = patchGeometry({
    inputPatchSize,
    outputPatchSize: zyx(...(options.outputPatchSize ?? inputPatchSize)),
    outputPatchOverlap: zyx(...options.outputPatchOverlap),
    outputCropMargin: options.outputCropMargin && zyx(...options.outputCropMargin),
    masked: options.maskOutputChunk,
  })
  if (augments(options) && [inputPatchSize, geometry.outputPatchSize].some(([, y, x]) => y !== x))
    throw chunkflowError(
      'patch-invalid',
      `--augment swaps y and x: patches of ${formatSize(inputPatchSize)} are not square`,
      {
        fix: 'use patch sizes with equal y and x, or leave out --augment',
      },
    )
  if (options.augmentAffinity && options.numOutputChannels < 3)
    throw chunkflowError(
      'flag-invalid',
      `--augment-affinity needs affinities along x, y and z, not ${options.numOutputChannels} channels`,
      { fix: 'add --num-output-channels 3, or use --augment' },
    )
  return geometry
}

export const augments = (options: Pick<InferenceOptions, 'augment' | 'augmentAffinity'>): boolean =>
  options.augment || options.augmentAffinity

/** A threshold of 0 or less masks nothing. */
export const myelinThreshold = ({ maskMyelinThreshold }: InferenceOptions): number | undefined =>
  maskMyelinThreshold !== undefined && maskMyelinThreshold > 0 ? maskMyelinThreshold : undefined

/** Channels of the result: the myelin channel is used up by its mask. */
export const resultChannels = (options: InferenceOptions): number =>
  options.numOutputChannels - (myelinThreshold(options) === undefined ? 0 : 1)

/**
 * Refuses input that cannot be fed to a network; unknown properties pass.
 * @throws input-segmentation, input-channels
 */
export function checkInput(
  input: Pick<VariableType, 'layerType' | 'layerTypeDeclared' | 'shape'>,
  options: InferenceOptions,
): void {
  if (input.layerType === 'segmentation' && input.layerTypeDeclared)
    throw chunkflowError(
      'input-segmentation',
      'The input is declared to be a segmentation: labels are not intensities',
      {
        fix: 'load the image, or load this file with --layer-type image if it is one',
      },
    )
  const channels = input.shape?.length === 4 ? input.shape[0]! : 1
  if (channels !== 1 && channels !== options.numInputChannels)
    throw chunkflowError(
      'input-channels',
      `The input has ${channels} channels, the model is to be fed ${options.numInputChannels}`,
      { fix: `add --num-input-channels ${channels}, or choose other input` },
    )
}

export const gridOf = (
  geometry: PatchGeometry,
  shape: readonly number[],
  options: InferenceOptions,
): PatchGrid =>
  planPatches(
    geometry,
    zyx(...(shape.slice(-3) as [number, number, number])),
    options.patchNum && zyx(...options.patchNum),
  )

/** What one chunk takes, in bytes. */
export interface MemoryNeeds {
  readonly output: number
  /** One batch of patches, and its results. */
  readonly batch: number
  readonly results: number
  /** Memory of the kernels that cut and blend, the latter without sums of patches, but with those of weights. */
  readonly cutter: number
  readonly blender: number
  /** The part of the output under one row of patches, for output that cannot be made in the kernel's memory. */
  readonly band: number
  /** Partial sums of float16 output. */
  readonly carry: number
}

export function memoryNeeds(
  geometry: PatchGeometry,
  grid: PatchGrid,
  options: InferenceOptions,
  input: { readonly dtype: Dtype; readonly channels: number },
  model: { readonly channels: number; readonly resultSize: Zyx },
  postableBytes = POSTABLE_BYTES,
): MemoryNeeds {
  const slots = Math.min(options.batchSize, grid.patchCount)
  const patch = 4 * options.numInputChannels * productZyx(geometry.inputPatchSize)
  const [planes, rows] = geometry.inputPatchSize
  const channel = 4 * productZyx(model.resultSize)
  const [outputPlanes, outputRows] = geometry.outputPatchSize
  const output = options.numOutputChannels * productZyx(grid.outputSize) * bytesPerElement(options.dtype)
  const sums = geometry.masked ? planWeightSums(grid, geometry.outputPatchSize, sumsLimit(output)).bytes : 0
  const needs = {
    output,
    batch: slots * patch,
    results: slots * model.channels * channel,
    cutter:
      input.channels * planes * rows * grid.inputSize[2] * bytesPerElement(input.dtype) +
      pieceBytes(geometry.inputPatchSize),
    blender: 4 * productZyx(geometry.outputPatchSize) + sums + pieceBytes(model.resultSize),
  }
  if (addsInPlace(needs, options.dtype, postableBytes)) return { ...needs, band: 0, carry: 0 }
  const carry = carrySizes(options.numOutputChannels, geometry, grid)
  return {
    ...needs,
    band:
      4 *
      options.numOutputChannels *
      Math.min(outputPlanes, grid.outputSize[0]) *
      Math.min(outputRows, grid.outputSize[1]) *
      grid.outputSize[2],
    carry: options.dtype === 'float16' ? 4 * (carry.below + carry.beside) : 0,
  }
}

/** Kernels hold tables besides. */
const TABLES_BYTES = 64 << 20

/**
 * Whether patches are added up in memory that becomes the output: where that is float32 and fits, with the patch weights,
 * into the memory of one kernel.
 */
export const addsInPlace = (
  { output, blender }: Pick<MemoryNeeds, 'output' | 'blender'>,
  dtype: 'float32' | 'float16',
  postableBytes = POSTABLE_BYTES,
): boolean => dtype === 'float32' && output + blender + TABLES_BYTES <= postableBytes

/** Sums of weights that are kept take at most this part of the result. */
const SUMS_SHARE = 1 / 32

export const sumsLimit = (output: number): number => Math.floor(output * SUMS_SHARE)

/** Twice: one batch is in the model while its neighbours are cut and blended. */
export const totalBytes = (needs: MemoryNeeds): number =>
  needs.output + 2 * (needs.batch + needs.results) + overheadBytes(needs)

/** Of cutting and blending, beside the output and the batches. */
export const overheadBytes = ({ cutter, blender, band, carry }: MemoryNeeds): number =>
  cutter + blender + band + carry

/** @throws inference-memory */
export function checkMemory(needs: MemoryNeeds): void {
  const limit = POSTABLE_BYTES - TABLES_BYTES
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  const largestBatch = Math.max(needs.batch, needs.results)
  if (largestBatch > limit)
    throw chunkflowError(
      'inference-memory',
      `One batch takes ${gib(largestBatch)}; at most ${gib(limit)} can be passed to workers`,
      {
        fix: 'use a smaller --batch-size',
      },
    )
  const largestKernel = Math.max(needs.cutter, needs.blender + needs.band)
  if (largestKernel > limit)
    throw chunkflowError(
      'inference-memory',
      `One row of patches across the chunk takes ${gib(largestKernel)}; a kernel addresses ${gib(limit)}`,
      { fix: 'use chunks that are smaller along x, or smaller patches' },
    )
}
