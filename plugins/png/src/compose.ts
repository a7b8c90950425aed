import {
  type BoundingBox,
  boxSize,
  type Chunk,
  channelCount,
  chunkBox,
  chunkflowError,
  DTYPES,
  describeChunk,
  equalZyx,
  formatBox,
  formatSize,
  intersectBoxes,
  isFloat,
  squeezeChannel,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { blankPicture, gridOf, type Picture, scalePicture } from './kernels/picture.js'
import { type Axis, blendLabels, drawSlice, type Slice, type Window } from './kernels/slices.js'

/** A chunk, and the labels over it. */
export interface Panel {
  readonly chunk: Chunk
  readonly overlay: Chunk | undefined
}

export interface SnapshotSettings {
  readonly plane: 'xy' | 'xz' | 'yz' | 'three'
  /** Global voxel at which z, y and x are cut; undefined is the middle of what all chunks share. */
  readonly at: readonly [number | undefined, number | undefined, number | undefined]
  /** How many sections to show in a grid instead of one. */
  readonly contactSheet: number | undefined
  readonly low: number | undefined
  readonly high: number | undefined
  readonly opacity: number
  /** Pixels for the finest voxel axis. */
  readonly scale: number
}

const [Z, Y, X] = [0, 1, 2] as const
const PLANES = {
  xy: { across: X, down: Y, normal: Z },
  xz: { across: X, down: Z, normal: Y },
  yz: { across: Y, down: Z, normal: X },
  zy: { across: Z, down: Y, normal: X },
} as const
const AXIS_NAMES = ['z', 'y', 'x'] as const
const GAP_PIXELS = 4
/** 384 MiB of colours, and about as much again to encode them. */
const MAXIMUM_PIXELS = 2 ** 27

/**
 * The picture of a snapshot: panels side by side.
 * @throws png-options, chunk-outside, shape-mismatch
 */
export function composeSnapshot(panels: readonly Panel[], settings: SnapshotSettings): Picture {
  const labelled = panels.map(({ chunk, overlay }) => ({ chunk, overlay: overlay && requireLabels(overlay) }))
  const voxelSize = commonVoxelSize(
    labelled.flatMap(({ chunk, overlay }) => (overlay === undefined ? [chunk] : [chunk, overlay])),
  )
  const box = commonBox(panels.map(({ chunk }) => chunk))
  const pictures = labelled.map((panel) => drawPanel(panel, box, voxelSize, settings))
  return gridOf(pictures, pictures.length, GAP_PIXELS)
}

function drawPanel(panel: Panel, box: BoundingBox, voxelSize: Zyx, settings: SnapshotSettings): Picture {
  const draw = (name: keyof typeof PLANES, at: number): Picture =>
    drawScaled(panel, { ...PLANES[name], at }, voxelSize, settings)
  const { plane, contactSheet } = settings
  if (plane === 'three') {
    const [z, y, x] = [Z, Y, X].map((axis) => cut(panel.chunk, box, axis, settings)) as [
      number,
      number,
      number,
    ]
    // the view of three-view drawings: lines through a point meet in all of them
    return gridOf([draw('xy', z), draw('zy', x), draw('xz', y)], 2, GAP_PIXELS)
  }
  const { normal } = PLANES[plane]
  if (contactSheet === undefined) return draw(plane, cut(panel.chunk, box, normal, settings))
  const pictures = spread(box, normal, contactSheet).map((at) => draw(plane, at))
  return gridOf(pictures, Math.ceil(Math.sqrt(pictures.length)), GAP_PIXELS)
}

function drawScaled(
  { chunk, overlay }: Panel,
  slice: Slice,
  voxelSize: Zyx,
  settings: SnapshotSettings,
): Picture {
  // the three planes share the pixel of the finest axis, so that they fit together
  const finest =
    settings.plane === 'three'
      ? Math.min(...voxelSize)
      : Math.min(voxelSize[slice.across], voxelSize[slice.down])
  const size = boxSize(chunkBox(chunk))
  const extent = (axis: Axis): number =>
    Math.max(1, Math.round((size[axis] * voxelSize[axis] * settings.scale) / finest))
  const [width, height] = [extent(slice.across), extent(slice.down)]
  if (width * height > MAXIMUM_PIXELS)
    throw chunkflowError('png-options', `A picture of ${formatSize([width, height])} pixels is too large`, {
      fix: 'cut a part out first (crop-margin, or a cutout when loading), or downsample',
    })
  const isColoured = settings.low === undefined && settings.high === undefined && showsLabels(chunk)
  const picture = isColoured
    ? blankPicture(size[slice.across], size[slice.down], 0)
    : drawSlice(chunk, slice, windowOf(chunk, settings))
  if (isColoured) blendLabels(picture, chunk.voxelOffset, squeezeChannel(chunk), slice, 1)
  if (overlay !== undefined) blendLabels(picture, chunk.voxelOffset, overlay, slice, settings.opacity)
  return scalePicture(picture, width, height)
}

/** Labels rather than intensities: declared so, or integers too wide for a camera. */
const showsLabels = (chunk: Chunk): boolean =>
  chunk.layerType === 'segmentation' &&
  channelCount(chunk) === 1 &&
  !isFloat(chunk.dtype) &&
  (chunk.layerTypeDeclared || DTYPES[chunk.dtype].bytes >= 4)

function windowOf(chunk: Chunk, { low, high }: SnapshotSettings): Window {
  const { minimum, maximum } = DTYPES[chunk.dtype]
  const window = {
    low: low ?? (isFloat(chunk.dtype) ? 0 : Number(minimum)),
    high: high ?? (isFloat(chunk.dtype) ? 1 : Number(maximum)),
  }
  if (!(window.low < window.high))
    throw chunkflowError('png-options', `Grey values from ${window.low} to ${window.high} leave no range`, {
      fix: 'give --min below --max',
    })
  return window
}

function requireLabels(overlay: Chunk): Chunk {
  if (isFloat(overlay.dtype))
    throw chunkflowError('png-options', `An overlay needs labels, not ${describeChunk(overlay)}`, {
      fix: 'give a segmentation, such as connected-components makes from a map',
    })
  return squeezeChannel(overlay)
}

/** Unknown sizes follow the known ones; all unknown are cubes. */
function commonVoxelSize(chunks: readonly Chunk[]): Zyx {
  const known = chunks.filter(({ voxelSize }) => voxelSize !== null)
  const first = known[0]?.voxelSize ?? zyx(1, 1, 1)
  const other = known.find(({ voxelSize }) => !equalZyx(voxelSize!, first))
  if (other !== undefined)
    throw chunkflowError(
      'png-options',
      `The chunks have voxels of ${first.join(' ')} and ${other.voxelSize!.join(' ')} nm (z y x) and do not fit into one picture`,
      { fix: 'downsample one of them, or make a snapshot of each' },
    )
  return first
}

function commonBox(chunks: readonly Chunk[]): BoundingBox {
  return chunks.map(chunkBox).reduce((left, right) => {
    const common = intersectBoxes(left, right)
    if (common === null)
      throw chunkflowError('png-options', `Boxes ${formatBox(left)} and ${formatBox(right)} share no voxel`, {
        fix: 'make a snapshot of each',
      })
    return common
  })
}

/** Where an axis is cut. */
function cut(chunk: Chunk, common: BoundingBox, axis: Axis, { at }: SnapshotSettings): number {
  const wanted = at[axis] ?? Math.floor((common.start[axis] + common.stop[axis]) / 2)
  const box = chunkBox(chunk)
  if (wanted < box.start[axis] || wanted >= box.stop[axis])
    throw chunkflowError(
      'chunk-outside',
      `${AXIS_NAMES[axis]} ${wanted} is not inside ${describeChunk(chunk)}`,
      { fix: `give --${AXIS_NAMES[axis]} from ${box.start[axis]} to ${box.stop[axis] - 1}` },
    )
  return wanted
}

/** Evenly spaced positions, the middles of equal parts. */
function spread(box: BoundingBox, axis: Axis, count: number): number[] {
  const depth = boxSize(box)[axis]
  const shown = Math.min(count, depth)
  return Array.from(
    { length: shown },
    (_, index) => box.start[axis] + Math.floor(((index + 0.5) * depth) / shown),
  )
}
