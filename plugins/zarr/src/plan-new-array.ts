import {
  type BoundingBox,
  type Chunk,
  channelCount,
  chunkBox,
  chunkflowError,
  describeChunk,
  formatFlag,
  rank,
  subtractZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type AxisOrder, type CompressorName, defaultChunkShape, type NewArray } from './new-array.js'

/** What the options of save-zarr say of a new array. */
export interface NewArrayOptions {
  readonly shape: Zyx | undefined
  readonly voxelOffset: Zyx
  readonly chunkSize: Zyx | undefined
  readonly shardSize: Zyx | undefined
  readonly order: AxisOrder | undefined
  readonly zarrFormat: 2 | 3
  readonly compressor: CompressorName
  /** The array is a level of an OME-Zarr image. */
  readonly ome: boolean
}

/** What is known when save-zarr meets its first chunk. */
export interface FirstChunk {
  readonly chunk: Chunk
  /** Everything the task source of the chain covers. */
  readonly taskRange: BoundingBox | undefined
  /** The task is one of a queue: other workers take the others. */
  readonly fromQueue: boolean
}

/**
 * The array that save-zarr makes when there is none. Its size does not depend on which task comes first: it is given by options,
 * by everything the task source covers, or by the only chunk there is.
 * @param voxelSizeNm wins over that of the chunk
 * @param path for messages
 * @throws zarr-missing when nothing says how large it is, zarr-options
 */
export function planNewArray(
  first: FirstChunk,
  options: NewArrayOptions,
  voxelSizeNm: Zyx | undefined,
  path: string,
): NewArray {
  const { chunk } = first
  const shape = options.shape ?? subtractZyx(stopOf(first, path), options.voxelOffset)
  if (shape.some((size) => size < 1)) throw beginsBefore(chunk, options.voxelOffset, path)
  const chunkShape = options.chunkSize ?? defaultChunkShape(shape)
  const shardShape = options.shardSize ?? null
  if (shardShape?.some((size, axis) => size % chunkShape[axis]! !== 0))
    throw chunkflowError(
      'zarr-options',
      `Shards of ${formatFlag(shardShape)} do not consist of whole chunks of ${formatFlag(chunkShape)}`,
      { fix: 'make --shard-size a multiple of --chunk-size' },
    )
  return {
    format: options.zarrFormat,
    dtype: chunk.dtype,
    channels: rank(chunk) === 3 ? null : channelCount(chunk),
    shape,
    chunkShape,
    shardShape,
    order: options.order ?? (options.ome ? 'zyx' : 'xyz'),
    compressor: options.compressor,
    voxelOffset: options.voxelOffset,
    voxelSizeNm: voxelSizeNm ?? chunk.voxelSize ?? (options.ome ? zyx(1, 1, 1) : null),
    layerType: chunk.layerTypeDeclared ? chunk.layerType : null,
    separator: options.ome ? '/' : '.',
  }
}

function stopOf({ chunk, taskRange, fromQueue }: FirstChunk, path: string): Zyx {
  if (taskRange === undefined && fromQueue)
    throw chunkflowError(
      'zarr-missing',
      `There is no array at ${path}, and one task of a queue does not say how large it is`,
      {
        where: path,
        fix: 'give --shape, and --voxel-offset unless it begins at 0 0 0',
        // the task is as good as any
        retryable: true,
      },
    )
  return (taskRange ?? chunkBox(chunk)).stop
}

/** What is wrong with a chunk that begins before its array. */
export const beginsBefore = (chunk: Chunk, start: Zyx, where: string) =>
  chunkflowError(
    'zarr-options',
    `${describeChunk(chunk)} begins at ${formatFlag(chunk.voxelOffset)}, before ${where}, which begins at ${formatFlag(start)}`,
    {
      where,
      fix: `a new array begins where --voxel-offset says: --voxel-offset ${formatFlag(chunk.voxelOffset)}`,
    },
  )
