import {
  type BoundingBox,
  boundingBox,
  boxFromSize,
  type Chunk,
  channelCount,
  chunkBox,
  chunkflowError,
  type Dtype,
  type NewVolume,
  spatialSize,
  type Zyx,
} from '@chunkflow/sdk'
import type { Creation } from './storage-options.js'

export interface NewVolumeOptions extends Creation {
  readonly channelNum: number | undefined
  readonly layerType: 'image' | 'segmentation' | undefined
  readonly dataType: Dtype | undefined
  readonly encoding: string
  readonly voxelSize: Zyx | undefined
  readonly voxelOffset: Zyx | undefined
  readonly volumeSize: Zyx | undefined
  readonly blockSize: Zyx
  readonly factor: Zyx
  readonly maxMip: number
}

/** bool has no place in the format: its voxels are stored as 0 and 1. */
const storedDtype = (dtype: Dtype): Dtype => (dtype === 'bool' ? 'uint8' : dtype)

/** The volume that options and, where they are silent, a chunk describe. @throws flag-missing */
export function describeNewVolume(options: NewVolumeOptions, chunk: Chunk | undefined): NewVolume {
  const size = options.volumeSize ?? (chunk === undefined ? undefined : spatialSize(chunk))
  const dtype = options.dataType ?? chunk?.dtype
  if (size === undefined || dtype === undefined)
    throw chunkflowError(
      'flag-missing',
      `Without a chunk, ${size === undefined ? '--volume-size' : '--data-type'} must be given`,
      { fix: 'give --volume-size and --data-type, or load a chunk before' },
    )
  return {
    channels: options.channelNum ?? (chunk === undefined ? 1 : channelCount(chunk)),
    dtype: storedDtype(dtype),
    layerType: options.layerType ?? layerTypeOf(dtype),
    encoding: options.encoding,
    voxelSizeNm: options.voxelSize ?? chunk?.voxelSize ?? [1, 1, 1],
    box: boxFromSize(options.voxelOffset ?? chunk?.voxelOffset ?? [0, 0, 0], size),
    blockSize: options.blockSize,
    factor: options.factor,
    maximumMip: options.maxMip,
    encodingSettings: options.encodingSettings,
    sharding: options.sharding,
  }
}

const layerTypeOf = (dtype: Dtype): 'image' | 'segmentation' =>
  ['uint8', 'float16', 'float32', 'float64'].includes(dtype) ? 'image' : 'segmentation'

/**
 * The volume that save-precomputed makes when there is none: sized by options, else by everything the task source covers,
 * else by the chunk.
 */
export function describeVolumeFor(
  chunk: Chunk,
  options: {
    readonly volumeStart: Zyx | undefined
    readonly volumeSize: Zyx | undefined
    readonly blockSize: Zyx
    readonly encoding: string
  } & Creation,
  taskRange: BoundingBox | undefined,
): NewVolume {
  const known = taskRange ?? chunkBox(chunk)
  const start = options.volumeStart ?? known.start
  return {
    channels: channelCount(chunk),
    dtype: storedDtype(chunk.dtype),
    layerType: chunk.layerType === 'segmentation' ? 'segmentation' : 'image',
    encoding: options.encoding,
    voxelSizeNm: chunk.voxelSize ?? [1, 1, 1],
    box:
      options.volumeSize === undefined
        ? boundingBox(start, known.stop)
        : boxFromSize(start, options.volumeSize),
    blockSize: options.blockSize,
    factor: [2, 2, 2],
    maximumMip: 0,
    encodingSettings: options.encodingSettings,
    sharding: options.sharding,
  }
}

/** Why a new volume cannot be seen in Neuroglancer, if so. */
export const warningFor = ({ dtype }: NewVolume): string | undefined =>
  dtype === 'int64' || dtype === 'float16' || dtype === 'float64'
    ? `Neuroglancer does not show volumes of ${dtype}; CloudVolume and chunkflow read them`
    : undefined
