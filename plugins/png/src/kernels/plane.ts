import { type Chunk, channelCount, DTYPES, elementAsNumber, isFloat, spatialSize } from '@chunkflow/sdk'
import { labelColour } from './label-colour.js'
import { blankPicture, type Picture, resize } from './picture.js'

export type PlaneName = 'xy' | 'xz' | 'yz'

/** Values shown black and white. */
export interface Window {
  readonly minimum: number
  readonly maximum: number
}

/** Axes (0 z, 1 y, 2 x) of a plane: fixed, down, across. */
const AXES: Readonly<Record<PlaneName, readonly [fixed: 0 | 1 | 2, down: 0 | 1 | 2, across: 0 | 1 | 2]>> = {
  xy: [0, 1, 2],
  xz: [1, 0, 2],
  yz: [2, 0, 1],
}

export const fixedAxis = (plane: PlaneName): 0 | 1 | 2 => AXES[plane][0]

/** The range of a dtype, [0, 1] for maps, the range of the data for other floats. */
export function defaultWindow(chunk: Chunk): Window {
  if (!isFloat(chunk.dtype))
    return { minimum: Number(DTYPES[chunk.dtype].minimum), maximum: Number(DTYPES[chunk.dtype].maximum) }
  if (chunk.layerType === 'probability_map' || chunk.layerType === 'affinity_map')
    return { minimum: 0, maximum: 1 }
  let [minimum, maximum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let index = 0; index < chunk.data.length; index++) {
    const value = elementAsNumber(chunk.data, chunk.dtype, index)
    minimum = Math.min(minimum, value)
    maximum = Math.max(maximum, value)
  }
  return maximum > minimum ? { minimum, maximum } : { minimum: 0, maximum: 1 }
}

/**
 * One plane of a chunk as a picture: labels in colours, three channels as red, green and blue, anything else grey.
 * @param index array index along the fixed axis
 */
export function drawPlane(chunk: Chunk, plane: PlaneName, index: number, window: Window): Picture {
  const [, down, across] = AXES[plane]
  const size = spatialSize(chunk)
  const picture = blankPicture(size[across], size[down], 0)
  const paint = painter(chunk, window)
  const strides = [size[1] * size[2], size[2], 1] as const
  const origin = index * strides[AXES[plane][0]]
  let pixel = 0
  for (let row = 0; row < size[down]; row++)
    for (let column = 0; column < size[across]; column++) {
      paint(origin + row * strides[down] + column * strides[across], picture.rgb, pixel)
      pixel += 3
    }
  return picture
}

type Paint = (voxel: number, rgb: Uint8Array, pixel: number) => void

function painter(chunk: Chunk, { minimum, maximum }: Window): Paint {
  const { data, dtype } = chunk
  if (chunk.layerType === 'segmentation') return labelPainter(chunk)
  const voxels = spatialSize(chunk).reduce((left, right) => left * right, 1)
  const grey = (at: number): number => {
    const value = (elementAsNumber(data, dtype, at) - minimum) / (maximum - minimum)
    return Math.round(255 * Math.max(0, Math.min(1, value)))
  }
  const channels = channelCount(chunk) === 3 ? [0, voxels, 2 * voxels] : [0, 0, 0]
  return (voxel, rgb, pixel) => {
    for (let channel = 0; channel < 3; channel++) rgb[pixel + channel] = grey(voxel + channels[channel]!)
  }
}

function labelPainter({ data, dtype }: Chunk): Paint {
  const words =
    DTYPES[dtype].bytes === 8 ? new Uint32Array(data.buffer, data.byteOffset, data.length * 2) : undefined
  return (voxel, rgb, pixel) => {
    const [low, high] =
      words === undefined ? [Number(data[voxel]) >>> 0, 0] : [words[2 * voxel]!, words[2 * voxel + 1]!]
    rgb.set(labelColour(low, high), pixel)
  }
}

/** The plane at the aspect its voxels have: the finer of its two axes keeps one pixel a voxel. */
export function trueAspect(picture: Picture, plane: PlaneName, voxelSize: readonly number[] | null): Picture {
  if (voxelSize === null) return picture
  const [, down, across] = AXES[plane]
  const unit = Math.min(voxelSize[down]!, voxelSize[across]!)
  return resize(
    picture,
    Math.max(1, Math.round((picture.width * voxelSize[across]!) / unit)),
    Math.max(1, Math.round((picture.height * voxelSize[down]!) / unit)),
  )
}
