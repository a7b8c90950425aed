import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxFromSize,
  boxGrid,
  chunkflowError,
  everyAxis,
  floorDivide,
  formatFlag,
  minimumZyx,
  modulo,
  multiplyZyx,
  subtractZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

export interface GridOptions {
  readonly chunkSize: Zyx
  readonly overlap?: Zyx | undefined
  /** Step from one box to the next; chunk size minus overlap unless given. */
  readonly stride?: Zyx | undefined
  readonly roiStart?: Zyx | undefined
  readonly roiStop?: Zyx | undefined
  readonly roiSize?: Zyx | undefined
  readonly gridSize?: Zyx | undefined
  readonly alignedBlockSize?: Zyx | undefined
  /** Cut the last boxes at the region's end instead of keeping their size. */
  readonly respectStop?: boolean
  /** What the volume covers, when one was given. */
  readonly volume?: BoundingBox | undefined
}

export interface TaskGrid {
  readonly start: Zyx
  readonly stride: Zyx
  readonly size: Zyx
  readonly boxes: readonly BoundingBox[]
  /** Index of the box in the middle. */
  readonly centre: number
}

/** Lays boxes over a region, z slowest (specification 3.2). @throws grid-invalid */
export function layTaskGrid(options: GridOptions): TaskGrid {
  const { chunkSize } = options
  const overlap = options.overlap ?? zyx(0, 0, 0)
  const stride = options.stride ?? subtractZyx(chunkSize, overlap)
  const region = findRegion(options, overlap, stride)
  const size = options.gridSize ?? countSteps(subtractZyx(region.stop, region.start), overlap, stride)
  if (size.some((count, axis) => count > 1 && stride[axis]! <= 0))
    throw chunkflowError('grid-invalid', `Boxes cannot advance by a stride of ${formatFlag(stride)}`, {
      fix: 'the overlap must be smaller than --chunk-size',
    })
  const boxes = boxGrid(size).map((index) => {
    const box = boxFromSize(addZyx(region.start, multiplyZyx(index, stride)), chunkSize)
    return options.respectStop ? boundingBox(box.start, minimumZyx(box.stop, region.stop)) : box
  })
  const half = size.map((count) => floorDivide(count, 2))
  return {
    start: region.start,
    stride,
    size,
    boxes,
    centre: half[0]! * size[1] * size[2] + half[1]! * size[2] + half[2]!,
  }
}

function findRegion(options: GridOptions, overlap: Zyx, stride: Zyx): { start: Zyx; stop: Zyx } {
  const { chunkSize, roiSize, gridSize, volume } = options
  const start = options.roiStart ?? (volume === undefined ? zyx(0, 0, 0) : subtractZyx(volume.start, overlap))
  const stop =
    options.roiStop ??
    (roiSize !== undefined
      ? addZyx(start, roiSize)
      : volume !== undefined
        ? volume.stop
        : addZyx(start, gridSize === undefined ? chunkSize : addZyx(multiplyZyx(gridSize, stride), overlap)))
  if (!everyAxis(start, stop, (low, high) => low <= high))
    throw chunkflowError(
      'grid-invalid',
      `The region ends at ${formatFlag(stop)}, before its start ${formatFlag(start)}`,
      { fix: 'check --roi-start, --roi-stop and --roi-size' },
    )
  return options.alignedBlockSize === undefined
    ? { start, stop }
    : align(start, stop, chunkSize, options.alignedBlockSize)
}

function align(start: Zyx, stop: Zyx, chunkSize: Zyx, block: Zyx): { start: Zyx; stop: Zyx } {
  if (
    chunkSize.some(
      (size, axis) => block[axis]! <= 0 || block[axis]! > size || modulo(size, block[axis]!) !== 0,
    )
  )
    throw chunkflowError(
      'grid-invalid',
      `Chunks of ${formatFlag(chunkSize)} are not made of blocks of ${formatFlag(block)}`,
      { fix: 'choose a --chunk-size that is a multiple of --aligned-block-size' },
    )
  const down = (value: number, axis: number): number => floorDivide(value, block[axis]!) * block[axis]!
  const up = (value: number, axis: number): number => Math.ceil(value / block[axis]!) * block[axis]!
  return {
    start: zyx(down(start[0], 0), down(start[1], 1), down(start[2], 2)),
    stop: zyx(up(stop[0], 0), up(stop[1], 1), up(stop[2], 2)),
  }
}

function countSteps(extent: Zyx, overlap: Zyx, stride: Zyx): Zyx {
  const counts = extent.map((length, axis) => {
    const rest = length - overlap[axis]!
    if (rest <= 0) return 0
    if (stride[axis]! <= 0)
      throw chunkflowError('grid-invalid', `Boxes cannot advance by a stride of ${formatFlag(stride)}`, {
        fix: 'the overlap must be smaller than --chunk-size',
      })
    return Math.ceil(rest / stride[axis]!)
  })
  return zyx(counts[0]!, counts[1]!, counts[2]!)
}
