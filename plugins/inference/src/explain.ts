import {
  addZyx,
  boxFromSize,
  type Dtype,
  equalZyx,
  formatBox,
  formatFlag,
  formatSize,
  isChunkflowError,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { nearestSizes, type PatchGeometry, type PatchGrid } from './geometry.js'
import {
  augments,
  geometryOf,
  gridOf,
  type InferenceOptions,
  memoryNeeds,
  overheadBytes,
  resultChannels,
  totalBytes,
} from './settings.js'

/** What is known of the input; a plan may know nothing. */
export interface KnownInput {
  readonly shape?: readonly number[]
  readonly dtype?: Dtype
  /** First voxel, z y x. */
  readonly voxelOffset?: Zyx
}

/**
 * What the options mean, in lines for people: sizes, and for a chunk of known size its patches, output and memory, or
 * what would fit instead.
 * @throws patch-invalid, flag-invalid
 */
export function explainInference(options: InferenceOptions, input: KnownInput): string[] {
  const geometry = geometryOf(options)
  return [...explainGeometry(geometry), ...explainChunk(options, geometry, input)]
}

const line = (title: string, text: string): string => `${title.padEnd(10)}${text}`

function explainGeometry(geometry: PatchGeometry): string[] {
  const { inputPatchSize, outputPatchSize, patchCropMargin, outputCropMargin, outputOffset } = geometry
  const cropped = equalZyx(inputPatchSize, outputPatchSize)
    ? ''
    : `, of which the middle ${formatSize(outputPatchSize)} is used`
  return [
    line('patch', `${formatSize(inputPatchSize)}${cropped}`),
    line(
      'stride',
      `${formatFlag(geometry.stride)}; results overlap by ${formatFlag(geometry.overlap)}, input patches by ${formatFlag(geometry.inputOverlap)}`,
    ),
    line(
      'margin',
      `${formatFlag(outputOffset)} on either side: patch crop ${formatFlag(patchCropMargin)}, output crop ${formatFlag(outputCropMargin)}`,
    ),
    geometry.masked
      ? line('sizes', `any from ${formatFlag(inputPatchSize)} on; weights are normalised voxel by voxel`)
      : line(
          'sizes',
          `n times ${formatFlag(geometry.stride)} plus ${formatFlag(geometry.inputOverlap)}; any with --mask-output-chunk`,
        ),
  ]
}

function explainChunk(options: InferenceOptions, geometry: PatchGeometry, input: KnownInput): string[] {
  const { shape, dtype = 'uint8', voxelOffset = zyx(0, 0, 0) } = input
  if (shape === undefined) return [line('chunk', 'of unknown size until it is loaded')]
  const size = zyx(...(shape.slice(-3) as [number, number, number]))
  const chunk = line('chunk', `${formatSize(shape)} ${dtype}`)
  let grid: PatchGrid
  try {
    grid = gridOf(geometry, shape, options)
  } catch (error) {
    if (!isChunkflowError(error)) throw error
    return [
      chunk,
      line('refused', error.what),
      ...explainNearest(geometry, size),
      line('fix', error.fix ?? ''),
    ]
  }
  const counts = grid.inputStarts.map((starts) => starts.length)
  const batches = Math.ceil(grid.patchCount / options.batchSize)
  const runs = augments(options) ? ', eight times each' : ''
  const box = boxFromSize(addZyx(voxelOffset, geometry.outputOffset), grid.outputSize)
  const place = input.voxelOffset === undefined ? ', from the start of the chunk' : ''
  const needs = memoryNeeds(
    geometry,
    grid,
    options,
    { dtype, channels: shape.length === 4 ? shape[0]! : 1 },
    { channels: options.numOutputChannels, resultSize: geometry.outputPatchSize },
  )
  return [
    chunk,
    line(
      'patches',
      `${formatSize(counts)} = ${grid.patchCount}, in ${batches} batch${batches === 1 ? '' : 'es'} of up to ${options.batchSize}${runs}`,
    ),
    line(
      'output',
      `${resultChannels(options)} channels of ${formatSize(grid.outputSize)} ${options.dtype}, box ${formatBox(box)}${place}`,
    ),
    line(
      'memory',
      `${mebibytes(totalBytes(needs))} besides the input and the model: output ${mebibytes(needs.output)}, two batches with results ${mebibytes(2 * (needs.batch + needs.results))}, cutting and blending ${mebibytes(overheadBytes(needs))}`,
    ),
  ]
}

/** Axis by axis, which sizes an aligned chunk may have instead. */
function explainNearest(geometry: PatchGeometry, size: Zyx): string[] {
  if (geometry.masked) return []
  const { smaller, larger } = nearestSizes(geometry, size)
  return ['z', 'y', 'x'].map((axis, index) => {
    const [present, low, high] = [size[index]!, smaller[index]!, larger[index]!]
    const instead = low === high ? `use ${low}` : `use ${low} or ${high}`
    return line(`  ${axis}`, `${present} ${present === low ? 'fits' : `does not fit: ${instead}`}`)
  })
}

const mebibytes = (bytes: number): string =>
  bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`
