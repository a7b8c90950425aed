import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxFromSize,
  boxGrid,
  chunkflowError,
  everyAxis,
  floorDivide,
  formatBox,
  formatFlag,
  minimumZyx,
  modulo,
  multiplyZyx,
  productZyx,
  subtractZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

/** Triples are z y x, in voxels of one mip level. */
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
  /** What a volume covers: the region unless one is given, begun one overlap early. */
  readonly volume?: BoundingBox | undefined
  /** What a file holds: the region unless one is given. */
  readonly file?: BoundingBox | undefined
}

export interface TaskGrid {
  readonly start: Zyx
  readonly stop: Zyx
  readonly stride: Zyx
  /** Number of boxes by axis. */
  readonly size: Zyx
  /** z slowest. */
  readonly boxes: readonly BoundingBox[]
  /** Index of the box in the middle. */
  readonly centre: number
}

/** A list of more would fill the memory before the first task runs. */
const LONGEST_LIST = 10_000_000

/**
 * Lays boxes over a region, z slowest (specification 3.2): start + index × stride, as many as cover the region, rounding up.
 * @throws grid-invalid
 */
export function layTaskGrid(options: GridOptions): TaskGrid {
  const { chunkSize } = options
  const overlap = options.overlap ?? zyx(0, 0, 0)
  const stride = options.stride ?? subtractZyx(chunkSize, overlap)
  const { gridSize, ...region } = findRegion(options, overlap, stride)
  const size = gridSize ?? countSteps(subtractZyx(region.stop, region.start), overlap, stride)
  if (size.some((count, axis) => count > 1 && stride[axis]! <= 0)) throw standsStill(stride)
  if (productZyx(size) > LONGEST_LIST)
    throw chunkflowError('grid-invalid', `A grid of ${formatFlag(size)} has ${productZyx(size)} boxes`, {
      fix: 'choose a larger --chunk-size, or a part of the region',
    })
  const boxes = boxGrid(size).map((index) => {
    const box = boxFromSize(addZyx(region.start, multiplyZyx(index, stride)), chunkSize)
    return options.respectStop ? cutAt(region.stop, box) : box
  })
  const half = size.map((count) => floorDivide(count, 2))
  return {
    ...region,
    stride,
    size,
    boxes,
    centre: half[0]! * size[1] * size[2] + half[1]! * size[2] + half[2]!,
  }
}

interface Region {
  readonly start: Zyx
  readonly stop: Zyx
}

function findRegion(
  options: GridOptions,
  overlap: Zyx,
  stride: Zyx,
): Region & { readonly gridSize: Zyx | undefined } {
  const { chunkSize, roiSize, alignedBlockSize, volume, file } = options
  const start =
    options.roiStart ??
    (volume !== undefined ? subtractZyx(volume.start, overlap) : (file?.start ?? zyx(0, 0, 0)))
  const stop =
    options.roiStop ?? (roiSize === undefined ? undefined : addZyx(start, roiSize)) ?? (volume ?? file)?.stop
  // nothing says where the region ends: it is what the grid covers, one box without a grid
  const gridSize = options.gridSize ?? (stop === undefined ? zyx(1, 1, 1) : undefined)
  const end =
    stop ??
    addZyx(
      start,
      options.gridSize === undefined ? chunkSize : addZyx(multiplyZyx(options.gridSize, stride), overlap),
    )
  if (!everyAxis(start, end, (low, high) => low <= high))
    throw chunkflowError(
      'grid-invalid',
      `The region ends at ${formatFlag(end)}, before its start ${formatFlag(start)}`,
      { fix: 'check --roi-start, --roi-stop, --roi-size and --overlap' },
    )
  const region = { start, stop: end }
  return {
    ...(alignedBlockSize === undefined ? region : align(region, chunkSize, alignedBlockSize)),
    gridSize,
  }
}

/** Grows the region to multiples of the block size, counted from 0. */
function align({ start, stop }: Region, chunkSize: Zyx, block: Zyx): Region {
  if (chunkSize.some((size, axis) => block[axis]! > size || modulo(size, block[axis]!) !== 0))
    throw chunkflowError(
      'grid-invalid',
      `Chunks of ${formatFlag(chunkSize)} are not made of blocks of ${formatFlag(block)}`,
      { fix: 'choose a --chunk-size that is a multiple of --aligned-block-size' },
    )
  const down = (value: number, axis: number): number => floorDivide(value, block[axis]!) * block[axis]!
  const up = (value: number, axis: number): number => -down(-value, axis)
  return {
    start: zyx(down(start[0], 0), down(start[1], 1), down(start[2], 2)),
    stop: zyx(up(stop[0], 0), up(stop[1], 1), up(stop[2], 2)),
  }
}

function countSteps(extent: Zyx, overlap: Zyx, stride: Zyx): Zyx {
  const count = (axis: 0 | 1 | 2): number => {
    const rest = extent[axis] - overlap[axis]
    if (rest <= 0) return 0
    if (stride[axis] <= 0) throw standsStill(stride)
    return Math.ceil(rest / stride[axis])
  }
  return zyx(count(0), count(1), count(2))
}

const standsStill = (stride: Zyx) =>
  chunkflowError('grid-invalid', `Boxes cannot advance by a stride of ${formatFlag(stride)}`, {
    fix: 'the overlap must be smaller than --chunk-size, and --stride above 0',
  })

function cutAt(stop: Zyx, box: BoundingBox): BoundingBox {
  if (everyAxis(box.start, stop, (low, high) => low <= high))
    return boundingBox(box.start, minimumZyx(box.stop, stop))
  throw chunkflowError(
    'grid-invalid',
    `The box ${formatBox(box)} begins behind the end of the region, ${formatFlag(stop)}`,
    { fix: 'leave out --grid-size, or --respect-stop' },
  )
}
