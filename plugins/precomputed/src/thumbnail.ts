import {
  type Chunk,
  channelCount,
  channelOf,
  createChunk,
  isChunkflowError,
  isFloat,
  type Logger,
  type NewVolume,
  spatialSize,
  withProperties,
  type Zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, downsampleChunk } from '@chunkflow/sdk/numerics'
import { bytesOfUnit, conversionTo } from './kernels/convert-dtype.js'
import type { PrecomputedFormat, PrecomputedVolume } from './volume/format.js'
import type { VolumeInfo } from './volume/info.js'

/** Scales of a thumbnail volume go up to this mip; a thumbnail is written at the one before. */
const THUMBNAIL_MIP = 6
const LARGEST_FACTOR = 64
/** Sections are kept: thumbnails are for looking at them. */
const FACTOR: Zyx = [1, 2, 2]

export const thumbnailPath = (volumePath: string): string => `${volumePath.replace(/\/+$/, '')}/thumbnail`

/** The volume for thumbnails of chunks like this one, beside their volume. */
export function describeThumbnailVolume(main: VolumeInfo, chunk: Chunk, mip: number): NewVolume {
  const [z, y, x] = spatialSize(chunk)
  const blockOf = (size: number): number =>
    Math.max(1, Math.floor(size / 2 ** Math.max(0, THUMBNAIL_MIP - mip)))
  const picture = pictureOf(chunk)
  return {
    channels: 1,
    dtype: picture.dtype,
    layerType: picture.dtype === 'uint8' ? 'image' : main.layerType,
    encoding: 'raw',
    voxelSizeNm: main.scales[0]!.voxelSizeNm,
    box: main.scales[0]!.box,
    blockSize: [z, blockOf(y), blockOf(x)],
    factor: FACTOR,
    maximumMip: THUMBNAIL_MIP,
  }
}

/** The last channel; floats as uint8, bool as uint8. */
function pictureOf(chunk: Chunk): Chunk {
  const channel = channelOf(chunk, channelCount(chunk) - 1)
  if (chunk.dtype === 'bool') return withProperties(channel, { dtype: 'uint8' })
  if (!isFloat(chunk.dtype)) return channel
  return createChunk(bytesOfUnit(channel.data, chunk.dtype), channel.shape, {
    dtype: 'uint8',
    voxelOffset: chunk.voxelOffset,
    voxelSize: chunk.voxelSize,
    layerType: 'image',
  })
}

/**
 * How often y and x are halved (specification 6.11): up to mip 5, a factor of 64, the last scale of the thumbnail volume,
 * and not below its smallest block at the next mip.
 */
export function thumbnailLevels(size: Zyx, mip: number, thumbnail: VolumeInfo): number {
  const { blockSize } = thumbnail.scales[mip + 1] ?? thumbnail.scales.at(-1)!
  const smallestBlock = Math.min(blockSize[1], blockSize[2])
  const most = Math.min(THUMBNAIL_MIP - 1 - mip, thumbnail.scales.length - 1 - mip)
  let levels = 0
  while (
    levels < most &&
    2 ** (levels + 1) <= LARGEST_FACTOR &&
    Math.min(size[1], size[2]) / 2 ** (levels + 1) >= smallestBlock
  )
    levels += 1
  return levels
}

/** A thumbnail that is ready to be written. */
export interface Thumbnail {
  readonly chunk: Chunk
  readonly mip: number
}

/** The thumbnail of a chunk; null, after saying why, when there is no level for it. */
export async function makeThumbnail(
  chunk: Chunk,
  mip: number,
  volume: PrecomputedVolume,
  { logger, ...services }: ComputeServices & { logger: Logger },
): Promise<Thumbnail | null> {
  const levels = thumbnailLevels(spatialSize(chunk), mip, volume.info)
  if (levels === 0) {
    logger.info(
      `no thumbnail: no coarser level fits a chunk of ${spatialSize(chunk).join('×')} at mip ${mip}`,
    )
    return null
  }
  let picture = pictureOf(chunk)
  const kind = picture.dtype === 'uint8' ? 'average' : 'mode'
  // level by level: averages are truncated at each
  for (let level = 0; level < levels; level++)
    picture = await downsampleChunk(picture, FACTOR, services, kind)
  try {
    await volume.planWrite(picture, { mip: mip + levels, ...conversionInto(volume, picture) })
  } catch (error) {
    if (!isChunkflowError(error)) throw error
    logger.warn(`no thumbnail: ${error.what}`)
    return null
  }
  return { chunk: picture, mip: mip + levels }
}

export async function writeThumbnail(
  { chunk, mip }: Thumbnail,
  volume: PrecomputedVolume,
  signal: AbortSignal,
): Promise<void> {
  await volume.write(chunk, { mip, signal, ...conversionInto(volume, chunk) })
}

function conversionInto(volume: PrecomputedVolume, chunk: Chunk) {
  const conversion = conversionTo(chunk.dtype, volume.info.dtype)
  return conversion === null ? {} : { convert: conversion.convert }
}

/** The thumbnail volume beside a volume, made when it is missing. */
export async function openThumbnailVolume(
  format: PrecomputedFormat,
  path: string,
  describe: () => NewVolume,
): Promise<PrecomputedVolume> {
  return (await format.open(thumbnailPath(path))) ?? format.create(thumbnailPath(path), describe())
}
