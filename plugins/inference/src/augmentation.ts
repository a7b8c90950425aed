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

/**
 * Test-time augmentation (specification 4.6): the mean of eight runs on swapped and flipped patches, each turned back.
 * Channels are left in place: for affinities that depend on direction a swap exchanges the meaning of x and y.
 * @throws patch-invalid unless everything is square in y and x
 */
export function augmentModel(
  model: Model,
  { inputPatchSize, inputChannels, overlap }: { inputPatchSize: Zyx; inputChannels: number; overlap: Zyx },
): Model {
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
        addInverse(answer.subarray(0, sum.length), sum, resultWidth, variant, 1 / VARIANTS.length)
      }
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
