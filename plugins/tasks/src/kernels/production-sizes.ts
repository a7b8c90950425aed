import {
  addZyx,
  chunkflowError,
  floorDivideZyx,
  modulo,
  multiplyZyx,
  productZyx,
  subtractZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

/** What the sizes of a production run follow from. Triples are z y x in voxels of the output mip, y and x equal. */
export interface ProductionOptions {
  readonly outputPatchSize: Zyx
  readonly inputPatchSize: Zyx
  readonly overlap: Zyx
  readonly cropMargin: Zyx
  readonly channels: number
  /** Memory of a worker in units of 1e9 bytes; the output chunk may take half of it. */
  readonly memoryGigabytes: number
  readonly mip: number
  readonly thumbnailMip: number
  /** y and x of the output chunk become multiples of 2 to this. */
  readonly maximumMip: number
}

export interface ProductionSizes {
  readonly stride: Zyx
  readonly patchNumber: Zyx
  readonly outputChunk: Zyx
  readonly inputChunk: Zyx
  /** By how much a task's box grows on both sides before its input is read. */
  readonly expandMargin: Zyx
  readonly block: Zyx
  readonly thumbnailBlock: Zyx
  readonly blockMegabytes: number
  readonly chunkGigabytes: number
  /** Output voxels by voxels predicted. */
  readonly utilization: number
}

const BYTES = 4

/**
 * The number of patches whose output fills half the memory best, and what follows from it (specification 6.7).
 * @throws production-sizes when no number of patches gives an output that halves often enough
 */
export function productionSizes(options: ProductionOptions): ProductionSizes {
  const { outputPatchSize, inputPatchSize, overlap, cropMargin, channels, mip } = options
  const stride = subtractZyx(outputPatchSize, overlap)
  const patchNumber = choosePatchNumber(options, stride)
  const margins = multiplyZyx(cropMargin, 2)
  const outputChunk = subtractZyx(addZyx(multiplyZyx(patchNumber, stride), overlap), margins)
  const inputChunk = addZyx(addZyx(outputChunk, margins), subtractZyx(inputPatchSize, outputPatchSize))
  const blockOf = (halvings: number): Zyx =>
    floorDivideZyx(outputChunk, zyx(2 ** mip, 2 ** halvings, 2 ** halvings))
  const block = blockOf(Math.floor((mip + options.thumbnailMip) / 2))
  return {
    stride,
    patchNumber,
    outputChunk,
    inputChunk,
    expandMargin: floorDivideZyx(subtractZyx(inputChunk, outputChunk), 2),
    block,
    thumbnailBlock: blockOf(options.thumbnailMip),
    blockMegabytes: productZyx(block) / 1e6,
    chunkGigabytes: (productZyx(outputChunk) * BYTES * channels) / 2 ** 30,
    utilization: productZyx(outputChunk) / productZyx(patchNumber) / productZyx(outputPatchSize),
  }
}

function choosePatchNumber(options: ProductionOptions, stride: Zyx): Zyx {
  const { overlap, cropMargin, channels, memoryGigabytes, mip, maximumMip } = options
  const ideal = Math.floor((memoryGigabytes * 1e9) / 2 / BYTES / channels / productZyx(stride))
  const low = Math.max(1, Math.floor(Math.cbrt(ideal) / 2))
  const high = 3 * low
  const lengthOf = (count: number, axis: 0 | 2): number =>
    count * stride[axis] + overlap[axis] - 2 * cropMargin[axis]
  let best: Zyx | undefined
  let smallest = Number.POSITIVE_INFINITY
  for (let lateral = low; lateral < high; lateral++) {
    const width = lengthOf(lateral, 2)
    if (width <= 0 || modulo(width, 2 ** maximumMip) !== 0) continue
    for (let depth = low; depth < high; depth++) {
      const sections = lengthOf(depth, 0)
      if (sections <= 0 || modulo(sections, 2 ** mip) !== 0) continue
      const cost = ((lateral * lateral * depth) / ideal - 1) ** 2
      if (cost >= smallest) continue
      smallest = cost
      best = zyx(depth, lateral, lateral)
    }
  }
  if (best !== undefined && ideal > 0) return best
  throw chunkflowError(
    'production-sizes',
    `With ${low} to ${high - 1} patches a side no output chunk is a multiple of ${2 ** maximumMip} voxels in y and x and of ${2 ** mip} in z`,
    {
      fix: 'choose a lower --max-mip, another --output-patch-overlap or --crop-chunk-margin, or more --max-ram-size',
    },
  )
}
