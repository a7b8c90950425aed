import { allocate, chunkflowError, formatSize, type Model, productZyx, type Zyx } from '@chunkflow/sdk'

interface Variant {
  readonly swap: boolean
  readonly flipX: boolean
  readonly flipY: boolean
}

/** All combinations; swap y/x first, then flip x, then flip y. */
export const VARIANTS: readonly Variant[] = [false, true].flatMap((swap) =>
  [false, true].flatMap((flipX) => [false, true].map((flipY) => ({ swap, flipX, flipY }))),
)

/**
 * Transforms every (y, x) plane of an array of planes.
 * @param source planes of `size` x `size`
 */
export function transformPlanes(
  source: Float32Array,
  target: Float32Array,
  size: number,
  variant: Variant,
): void {
  eachRow(source.length, size, variant, (from, step, to) => {
    if (step === 1) target.set(source.subarray(from, from + size), to)
    else for (let x = 0; x < size; x++) target[to + x] = source[from + x * step]!
  })
}

/** Adds the inverse transform of `source`, times `factor`, to `target`. */
export function addInverse(
  source: Float32Array,
  target: Float32Array,
  size: number,
  variant: Variant,
  factor: number,
): void {
  // the transform takes target row `to` from `from`; the inverse puts it back
  eachRow(source.length, size, variant, (from, step, to) => {
    for (let x = 0; x < size; x++) target[from + x * step]! += source[to + x]! * factor
  })
}

/**
 * As {@link addInverse} for (channel, z, y, x) affinities, channels x, y, z first: a swap exchanges the channels of x and y, and
 * the edge of a voxel with the one before it becomes, flipped, the edge with the one behind it, which belongs to that
 * voxel. The first plane of the flipped axis gets nothing then.
 */
export function addInverseAffinity(
  source: Float32Array,
  target: Float32Array,
  size: number,
  channels: number,
  variant: Variant,
  factor: number,
): void {
  const length = source.length / channels
  const area = size * size
  const plane = new Float32Array(area)
  for (let channel = 0; channel < channels; channel++) {
    const home = variant.swap && channel < 2 ? 1 - channel : channel
    const turned = (channel === 0 && variant.flipX) || (channel === 1 && variant.flipY)
    const shift = turned ? (home === 0 ? 1 : size) : 0
    for (let first = 0; first < length; first += area) {
      const from = channel * length + first
      plane.fill(0)
      addInverse(source.subarray(from, from + area), plane, size, variant, factor)
      const sum = target.subarray(home * length + first, home * length + first + area)
      for (let voxel = shift; voxel < area; voxel++)
        if (shift !== 1 || voxel % size !== 0) sum[voxel]! += plane[voxel - shift]!
    }
  }
}

/** Half of the eight variants gave the first planes of x and y affinities nothing: doubles what the others gave. */
function completeFirstPlanes(sum: Float32Array, size: number, channels: number): void {
  const length = sum.length / channels
  for (let first = 0; first < length; first += size * size)
    for (let index = 0; index < size; index++) {
      sum[first + index * size]! *= 2
      sum[length + first + index]! *= 2
    }
}

/** For every row of the transformed planes: where its voxels come from (first and step) and where the row begins. */
function eachRow(
  length: number,
  size: number,
  { swap, flipX, flipY }: Variant,
  visit: (from: number, step: number, to: number) => void,
): void {
  const plane = size * size
  for (let first = 0; first < length; first += plane)
    for (let row = 0; row < size; row++) {
      const line = flipY ? size - 1 - row : row
      const begin = flipX ? size - 1 : 0
      const direction = flipX ? -1 : 1
      const from = first + (swap ? begin * size + line : line * size + begin)
      visit(from, swap ? direction * size : direction, first + row * size)
    }
}

export interface AugmentSettings {
  readonly inputPatchSize: Zyx
  readonly inputChannels: number
  readonly overlap: Zyx
  /** Channels are affinities along x, y and z, each of the edge with the voxel before, then others. */
  readonly affinity: boolean
}

/**
 * Test-time augmentation (specification 4.6): the mean of eight runs on swapped and flipped patches, each turned back.
 * Channels are left in place unless they are said to be affinities.
 * @throws patch-invalid unless everything is square in y and x; model-weighted when affinities are weighted already
 */
export function augmentModel(
  model: Model,
  { inputPatchSize, inputChannels, overlap, affinity }: AugmentSettings,
): Model {
  if (affinity && model.weighted)
    throw chunkflowError(
      'model-weighted',
      'This model applies the patch weights itself: its affinities cannot be moved to the voxels they belong to',
      { fix: 'use --augment, or another framework' },
    )
  const width = inputPatchSize[2]
  const resultWidth = model.resultSize[2]
  requireSquare(inputPatchSize, 'input patches')
  requireSquare(model.resultSize, 'output patches')
  if (model.weighted)
    requireSquare(overlap, 'an overlap, since the model applies the patch weights itself, of')
  const scratch = (present: Float32Array | undefined, length: number): Float32Array =>
    present !== undefined && present.length >= length
      ? present
      : (allocate('float32', length) as Float32Array)
  const ofItem = (results: Float32Array, item: number): Float32Array => {
    const length = model.channels * productZyx(model.resultSize)
    return results.subarray(item * length, (item + 1) * length)
  }
  const share = 1 / VARIANTS.length
  function addAnswer(results: Float32Array, sum: Float32Array, variant: Variant): void {
    if (!affinity) {
      addInverse(results, sum, resultWidth, variant, share)
      return
    }
    for (let item = 0; ofItem(sum, item).length > 0; item++)
      addInverseAffinity(
        ofItem(results, item),
        ofItem(sum, item),
        resultWidth,
        model.channels,
        variant,
        share,
      )
  }
  let turned: Float32Array | undefined
  let answer: Float32Array | undefined
  return {
    computeDevice: model.computeDevice,
    channels: model.channels,
    resultSize: model.resultSize,
    weighted: model.weighted ?? false,
    async run(batch, count, result) {
      turned = scratch(turned, batch.length)
      answer = scratch(answer, result.length)
      const patches = batch.subarray(0, count * inputChannels * productZyx(inputPatchSize))
      const sum = result.subarray(0, count * model.channels * productZyx(model.resultSize)).fill(0)
      for (const variant of VARIANTS) {
        transformPlanes(patches, turned, width, variant)
        await model.run(turned, count, answer)
        addAnswer(answer.subarray(0, sum.length), sum, variant)
      }
      if (affinity)
        for (let item = 0; item < count; item++)
          completeFirstPlanes(ofItem(sum, item), resultWidth, model.channels)
    },
    dispose: () => model.dispose?.(),
  }
}

function requireSquare(size: Zyx, what: string): void {
  if (size[1] !== size[2])
    throw chunkflowError(
      'patch-invalid',
      `--augment swaps y and x, which needs ${what} with equal y and x, not ${formatSize(size)}`,
      { fix: 'give y and x the same value, or leave out --augment' },
    )
}
