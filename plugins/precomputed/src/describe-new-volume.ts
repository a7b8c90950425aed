import {
  type BoundingBox,
  boundingBox,
  boxContainsPoint,
  boxFromSize,
  type Chunk,
  channelCount,
  chunkBox,
  chunkflowError,
  type Dtype,
  describeChunk,
  formatFlag,
  type NewVolume,
  spatialSize,
  type Zyx,
  zyx,
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

/** What is known when save-precomputed meets its first chunk. */
export interface FirstChunk {
  readonly chunk: Chunk
  /** Everything the task source of the chain covers. */
  readonly taskRange: BoundingBox | undefined
  /** The task is one of a queue: other workers take the others. */
  readonly fromQueue: boolean
}

/**
 * The volume that save-precomputed makes when there is none. Its place does not depend on which task comes first: it is given
 * by options, by everything the task source covers, or by the only chunk there is.
 * @param path for messages
 * @throws volume-missing, volume-outside when nothing says where it lies
 */
export function describeVolumeFor(
  first: FirstChunk,
  options: Placement & { readonly blockSize: Zyx; readonly encoding: string } & Creation,
  path: string,
): NewVolume {
  const { chunk } = first
  return {
    channels: channelCount(chunk),
    dtype: storedDtype(chunk.dtype),
    layerType: chunk.layerType === 'segmentation' ? 'segmentation' : 'image',
    encoding: options.encoding,
    voxelSizeNm: chunk.voxelSize ?? [1, 1, 1],
    box: placeOf(first, options, path),
    blockSize: options.blockSize,
    factor: [2, 2, 2],
    maximumMip: 0,
    encodingSettings: options.encodingSettings,
    sharding: options.sharding,
  }
}

interface Placement {
  readonly volumeStart: Zyx | undefined
  readonly volumeSize: Zyx | undefined
}

function placeOf(
  { chunk, taskRange, fromQueue }: FirstChunk,
  { volumeStart, volumeSize }: Placement,
  path: string,
): BoundingBox {
  const own = chunkBox(chunk)
  if (volumeSize === undefined) {
    if (taskRange === undefined && fromQueue)
      throw chunkflowError(
        'volume-missing',
        `There is no volume at ${path}, and one task of a queue does not say how large it is`,
        {
          where: path,
          fix: 'give --volume-size, and --volume-start unless it begins at 0 0 0; or make the volume with create-info or setup-env first',
          // the task is as good as any
          retryable: true,
        },
      )
    const known = taskRange ?? own
    return boundingBox(volumeStart ?? known.start, known.stop)
  }
  if (volumeStart !== undefined) return boxFromSize(volumeStart, volumeSize)
  if (taskRange !== undefined) return boxFromSize(taskRange.start, volumeSize)
  const fromZero = boxFromSize(zyx(0, 0, 0), volumeSize)
  // what reaches beyond the end is cropped, as in every volume
  if (!boxContainsPoint(fromZero, own.start))
    throw chunkflowError(
      'volume-outside',
      `${describeChunk(chunk)} does not begin in a new volume of ${formatFlag(volumeSize)} from 0 0 0`,
      {
        where: path,
        fix: 'give --volume-start, the first voxel of the volume, with --volume-size',
        retryable: fromQueue,
      },
    )
  return fromZero
}

/** Why a new volume cannot be seen in Neuroglancer, if so. */
export const warningFor = ({ dtype }: NewVolume): string | undefined =>
  dtype === 'int64' || dtype === 'float16' || dtype === 'float64'
    ? `Neuroglancer does not show volumes of ${dtype}; CloudVolume and chunkflow read them`
    : undefined
