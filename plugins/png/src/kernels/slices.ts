import {
  type Chunk,
  channelCount,
  DTYPES,
  elementAsNumber,
  isBigDtype,
  spatialSize,
  type Zyx,
} from '@chunkflow/sdk'
import { labelColor } from '@chunkflow/sdk/numerics'
import { blankPicture, type Picture } from './picture.js'

/** An index of z y x. */
export type Axis = 0 | 1 | 2

/** A plane through a volume. */
export interface Slice {
  readonly across: Axis
  readonly down: Axis
  /** The axis it is perpendicular to, and where it cuts it, in global voxels. */
  readonly normal: Axis
  readonly at: number
}

/** Values that become black and white. */
export interface Window {
  readonly low: number
  readonly high: number
}

/** Elements from one voxel to the next along z, y and x. */
function stridesOf(chunk: Chunk): Zyx {
  const [, height, width] = spatialSize(chunk)
  return [height * width, width, 1]
}

/**
 * Grey, or of three channels red, green and blue. Values are windowed linearly and rounded; NaN is black.
 * @param slice inside the chunk
 */
export function drawSlice(chunk: Chunk, slice: Slice, { low, high }: Window): Picture {
  const size = spatialSize(chunk)
  const strides = stridesOf(chunk)
  const picture = blankPicture(size[slice.across], size[slice.down], 0)
  const perChannel = size[0] * size[1] * size[2]
  const channels = channelCount(chunk) === 3 ? [0, perChannel, 2 * perChannel] : [0, 0, 0]
  const factor = 255 / (high - low)
  const start = (slice.at - chunk.voxelOffset[slice.normal]) * strides[slice.normal]
  let to = 0
  for (let v = 0; v < picture.height; v++)
    for (let u = 0; u < picture.width; u++) {
      const voxel = start + v * strides[slice.down] + u * strides[slice.across]
      for (const channel of channels) {
        const value = (elementAsNumber(chunk.data, chunk.dtype, channel + voxel) - low) * factor
        picture.rgb[to++] = value >= 255 ? 255 : value > 0 ? Math.floor(value + 0.5) : 0
      }
    }
  return picture
}

/**
 * Colours the pixels that labels other than 0 cover.
 * @param picture of `slice` through a chunk that begins at `origin`; changed in place
 * @param labels 3-D integers or bool, anywhere
 * @param opacity 0 to 1
 */
export function blendLabels(
  picture: Picture,
  origin: Zyx,
  labels: Chunk,
  slice: Slice,
  opacity: number,
): void {
  const size = spatialSize(labels)
  const strides = stridesOf(labels)
  const depth = slice.at - labels.voxelOffset[slice.normal]
  if (depth < 0 || depth >= size[slice.normal]) return
  const shiftDown = origin[slice.down] - labels.voxelOffset[slice.down]
  const shiftAcross = origin[slice.across] - labels.voxelOffset[slice.across]
  const words = labelWords(labels)
  for (let v = 0; v < picture.height; v++) {
    const down = v + shiftDown
    if (down < 0 || down >= size[slice.down]) continue
    for (let u = 0; u < picture.width; u++) {
      const across = u + shiftAcross
      if (across < 0 || across >= size[slice.across]) continue
      const voxel =
        depth * strides[slice.normal] + down * strides[slice.down] + across * strides[slice.across]
      const low = words.low(voxel)
      const high = words.high(voxel)
      if (low === 0 && high === 0) continue
      const color = labelColor(low, high)
      const at = (v * picture.width + u) * 3
      for (let channel = 0; channel < 3; channel++) {
        const base = picture.rgb[at + channel]!
        picture.rgb[at + channel] = Math.round(base + (((color >>> (8 * channel)) & 0xff) - base) * opacity)
      }
    }
  }
}

/** Labels as two 32-bit words, so that 64-bit ones are never rounded and equal ids of all types have one colour. */
function labelWords({ data, dtype }: Chunk): {
  low(voxel: number): number
  high(voxel: number): number
} {
  if (isBigDtype(dtype)) {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length * 2)
    return { low: (voxel) => words[2 * voxel]!, high: (voxel) => words[2 * voxel + 1]! }
  }
  const values = data as Int32Array
  const signed = DTYPES[dtype].kind === 'signed'
  return {
    low: (voxel) => values[voxel]! >>> 0,
    high: (voxel) => (signed && values[voxel]! < 0 ? 0xffffffff : 0),
  }
}
