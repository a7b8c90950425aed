import {
  addZyx,
  chunkflowError,
  divideZyx,
  equalZyx,
  everyAxis,
  formatFlag,
  formatSize,
  maximumZyx,
  multiplyZyx,
  subtractZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

export interface PatchSettings {
  readonly inputPatchSize: Zyx
  readonly outputPatchSize: Zyx
  readonly outputPatchOverlap: Zyx
  /** Undefined: nothing in masked mode, else the overlap. */
  readonly outputCropMargin: Zyx | undefined
  /** Any chunk size; weights are normalised voxel by voxel. */
  readonly masked: boolean
}

/** Sizes in voxels, z y x, that do not depend on a chunk (specification 4.1). */
export interface PatchGeometry {
  readonly inputPatchSize: Zyx
  readonly outputPatchSize: Zyx
  readonly overlap: Zyx
  /** How much a result is smaller than its input patch on either side. */
  readonly patchCropMargin: Zyx
  readonly outputCropMargin: Zyx
  /** From one patch to the next, in input and output. */
  readonly stride: Zyx
  /** Of neighbouring input patches. */
  readonly inputOverlap: Zyx
  /** Input voxels on either side that the output does not cover. */
  readonly outputOffset: Zyx
  readonly masked: boolean
}

/** @throws patch-invalid */
export function patchGeometry(settings: PatchSettings): PatchGeometry {
  const { inputPatchSize, outputPatchSize, outputPatchOverlap: overlap, masked } = settings
  const difference = subtractZyx(inputPatchSize, outputPatchSize)
  if (difference.some((value) => value < 0 || value % 2 !== 0))
    throw invalid(
      `Output patches of ${formatSize(outputPatchSize)} do not lie centred in input patches of ${formatSize(inputPatchSize)}`,
      'the output patch must be smaller by an even number of voxels on every axis, or equal',
    )
  const patchCropMargin = multiplyZyx(difference, 0.5)
  if (!everyAxis(overlap, outputPatchSize, (over, size) => over < size))
    throw invalid(
      `An overlap of ${formatFlag(overlap)} leaves no stride for output patches of ${formatSize(outputPatchSize)}`,
      `use a smaller overlap, such as --output-patch-overlap ${formatFlag(halved(outputPatchSize))}`,
    )
  if (!masked && !everyAxis(overlap, outputPatchSize, (over, size) => 2 * over <= size))
    throw invalid(
      `An overlap of ${formatFlag(overlap)} is more than half of the output patch ${formatSize(outputPatchSize)}: the patch weights would not add up to 1`,
      `add --mask-output-chunk, or use at most --output-patch-overlap ${formatFlag(halved(outputPatchSize))}`,
    )
  const outputCropMargin = settings.outputCropMargin ?? (masked ? zyx(0, 0, 0) : overlap)
  if (!masked && !everyAxis(outputCropMargin, overlap, (margin, over) => margin >= over))
    throw invalid(
      `A crop margin of ${formatFlag(outputCropMargin)} is less than the overlap ${formatFlag(overlap)}: the outermost voxels would keep partial weights`,
      `use --output-crop-margin ${formatFlag(overlap)} or more, or add --mask-output-chunk`,
    )
  const inputOverlap = addZyx(overlap, multiplyZyx(patchCropMargin, 2))
  return Object.freeze({
    inputPatchSize,
    outputPatchSize,
    overlap,
    patchCropMargin,
    outputCropMargin,
    stride: subtractZyx(outputPatchSize, overlap),
    inputOverlap,
    outputOffset: addZyx(patchCropMargin, outputCropMargin),
    masked,
  })
}

const invalid = (what: string, fix: string) => chunkflowError('patch-invalid', what, { fix })

const halved = (size: Zyx): Zyx => zyx(size[0] >> 1, size[1] >> 1, size[2] >> 1)

/** The patches of one chunk. */
export interface PatchGrid {
  readonly inputSize: Zyx
  readonly outputSize: Zyx
  /** Per axis, ascending: first voxel of the input patches within the chunk. */
  readonly inputStarts: readonly [readonly number[], readonly number[], readonly number[]]
  /** Per axis: first voxel of the results within the output; negative or beyond the end where they overhang. */
  readonly outputStarts: readonly [readonly number[], readonly number[], readonly number[]]
  readonly patchCount: number
  /** True when the chunk has another number of patches than was asked for, though it is aligned. */
  readonly unlikePatchNum: boolean
}

/**
 * Where patches lie in a chunk (specification 4.2). Patches whose result would fall outside the output are left out.
 * @throws chunk-misaligned, chunk-too-small
 */
export function planPatches(geometry: PatchGeometry, inputSize: Zyx, patchNum?: Zyx): PatchGrid {
  const { inputPatchSize, inputOverlap, stride, outputOffset, outputCropMargin, outputPatchSize } = geometry
  if (!everyAxis(inputSize, inputPatchSize, (size, patch) => size >= patch))
    throw chunkflowError(
      'chunk-too-small',
      `A chunk of ${formatSize(inputSize)} is smaller than the input patch ${formatSize(inputPatchSize)}`,
      { fix: 'load a larger chunk, or use smaller patches' },
    )
  const expected = patchNum === undefined ? undefined : alignedSize(geometry, patchNum)
  if (!geometry.masked) requireAligned(geometry, inputSize, patchNum)
  const outputSize = subtractZyx(inputSize, multiplyZyx(outputOffset, 2))
  if (outputSize.some((size) => size <= 0))
    throw chunkflowError(
      'chunk-too-small',
      `Nothing is left of a chunk of ${formatSize(inputSize)} after ${formatFlag(outputOffset)} voxels on either side`,
      { fix: 'load a larger chunk, or use a smaller --output-crop-margin' },
    )
  const axes = [0, 1, 2].map((axis) => {
    const starts = axisStarts(inputSize[axis]!, inputPatchSize[axis]!, inputOverlap[axis]!, stride[axis]!)
    return starts.filter((start) => {
      const first = start - outputCropMargin[axis]!
      return first < outputSize[axis]! && first + outputPatchSize[axis]! > 0
    })
  }) as [number[], number[], number[]]
  return Object.freeze({
    inputSize,
    outputSize,
    inputStarts: axes,
    outputStarts: axes.map((starts, axis) => starts.map((start) => start - outputCropMargin[axis]!)) as [
      number[],
      number[],
      number[],
    ],
    patchCount: axes[0].length * axes[1].length * axes[2].length,
    unlikePatchNum:
      !geometry.masked &&
      expected !== undefined &&
      !everyAxis(expected, inputSize, (left, right) => left === right),
  })
}

/** First voxels of patches along one axis; the last patch is moved back to end with the chunk. */
export function axisStarts(size: number, patch: number, overlap: number, stride: number): number[] {
  const starts: number[] = []
  for (let start = 0; start < size - overlap; start += stride) starts.push(Math.min(start, size - patch))
  return starts
}

/** The chunk size that holds this many patches along each axis, without an output mask. */
export const alignedSize = ({ stride, inputOverlap }: PatchGeometry, patchNum: Zyx): Zyx =>
  addZyx(multiplyZyx(stride, patchNum), inputOverlap)

/** Per axis the nearest aligned sizes that are not larger (one patch at least) and not smaller. */
export function nearestSizes(
  geometry: PatchGeometry,
  size: Zyx,
): { readonly smaller: Zyx; readonly larger: Zyx } {
  const steps = divideZyx(subtractZyx(size, geometry.inputOverlap), geometry.stride)
  const fitting = (round: (count: number) => number): Zyx =>
    alignedSize(geometry, maximumZyx(zyx(...(steps.map(round) as [number, number, number])), 1))
  return { smaller: fitting(Math.floor), larger: fitting(Math.ceil) }
}

function requireAligned(geometry: PatchGeometry, size: Zyx, patchNum: Zyx | undefined): void {
  const { stride, inputOverlap } = geometry
  const { smaller, larger } = nearestSizes(geometry, size)
  if (equalZyx(smaller, size)) return
  const wanted =
    patchNum === undefined
      ? ''
      : `; --patch-num ${formatFlag(patchNum)} needs ${formatFlag(alignedSize(geometry, patchNum))}`
  throw chunkflowError(
    'chunk-misaligned',
    `A chunk of ${formatFlag(size)} is not a whole number of patches: size minus overlap ${formatFlag(inputOverlap)} must be a multiple of the stride ${formatFlag(stride)}${wanted}`,
    {
      fix: `add --mask-output-chunk, or use a chunk of ${formatFlag(smaller)} or ${formatFlag(larger)}`,
    },
  )
}
