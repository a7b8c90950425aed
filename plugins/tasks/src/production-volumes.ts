import {
  type BoundingBox,
  boundingBox,
  boxFromSize,
  chunkflowError,
  type Dtype,
  equalZyx,
  formatBox,
  formatFlag,
  type Logger,
  modulo,
  type NewVolume,
  type ServiceFamily,
  type Volume,
  type VolumeFormat,
  type Zyx,
} from '@chunkflow/sdk'
import type { ProductionSizes } from './kernels/production-sizes.js'
import { findVolume } from './volume-box.js'

interface ExtentOptions {
  readonly volumeStart: Zyx | undefined
  readonly volumeStop: Zyx | undefined
  readonly volumeSize: Zyx | undefined
}

/**
 * What options say about where the output lies, at mip 0; what they leave open comes from `known`, a volume's box.
 * @returns undefined when something is missing
 * @throws flag-invalid when size and stop are both given
 */
export function extentOf(options: ExtentOptions, known?: BoundingBox): BoundingBox | undefined {
  const { volumeStart, volumeStop, volumeSize } = options
  if (volumeStop !== undefined && volumeSize !== undefined)
    throw chunkflowError('flag-invalid', '--volume-stop and --volume-size are both given', {
      fix: 'give one of them',
    })
  const start = volumeStart ?? known?.start
  if (start === undefined) return undefined
  if (volumeSize !== undefined) return boxFromSize(start, volumeSize)
  const stop = volumeStop ?? known?.stop
  return stop === undefined ? undefined : boundingBox(start, stop)
}

interface OutputOptions {
  readonly channels: number
  readonly dtype: Dtype
  readonly encoding: string
  readonly voxelSizeNm: Zyx
  readonly mip: number
  readonly thumbnailMip: number
}

/** Sections stay as they are from mip to mip. */
const FACTOR: Zyx = [1, 2, 2]

/** The volume of the results, with scales up to the mip they are written at. */
export const describeOutput = (
  options: OutputOptions,
  extent: BoundingBox,
  { block }: ProductionSizes,
): NewVolume => ({
  channels: options.channels,
  dtype: options.dtype,
  layerType: 'image',
  encoding: options.encoding,
  voxelSizeNm: options.voxelSizeNm,
  box: extent,
  blockSize: block,
  factor: FACTOR,
  maximumMip: options.mip,
})

/** The volume of their thumbnails, which save-precomputed --create-thumbnail writes to. */
export const describeThumbnails = (
  options: OutputOptions,
  extent: BoundingBox,
  { thumbnailBlock }: ProductionSizes,
): NewVolume => ({
  channels: 1,
  dtype: 'uint8',
  layerType: 'image',
  encoding: 'raw',
  voxelSizeNm: options.voxelSizeNm,
  box: extent,
  blockSize: thumbnailBlock,
  factor: FACTOR,
  maximumMip: options.thumbnailMip,
})

/** Writes an info that is missing, or that may be overwritten; an existing one is kept, with a word on what does not fit. */
export async function ensureVolume(
  path: string,
  wanted: NewVolume,
  volumes: ServiceFamily<VolumeFormat>,
  { overwrite, logger }: { readonly overwrite: boolean; readonly logger: Logger },
): Promise<void> {
  const present = overwrite ? undefined : await findVolume(path, volumes, logger)
  if (present !== undefined) {
    logger.info(`kept the info that is at ${path}; --overwrite-info writes it anew`)
    for (const difference of differences(present, wanted)) logger.warn(`${path} ${difference}`)
    return
  }
  const format = await volumes.get('precomputed')
  await format.create(path, wanted)
  logger.info(
    `wrote the info of ${path}: ${formatBox(wanted.box)}, blocks of ${formatFlag(wanted.blockSize)}`,
  )
}

/** What of an existing volume is not as these tasks need it. */
function differences({ description }: Volume, wanted: NewVolume): string[] {
  const scale = description.scales[wanted.maximumMip]
  const mismatch = (is: unknown, should: unknown, what: string): string[] =>
    is === should ? [] : [`has ${what} ${is}, not ${should}`]
  return [
    ...mismatch(description.channels, wanted.channels, 'channels:'),
    ...mismatch(description.dtype, wanted.dtype, 'voxels of'),
    ...(scale === undefined ? [`has no mip ${wanted.maximumMip}`] : []),
    ...(scale !== undefined &&
    wanted.blockSize.some((size, axis) => modulo(size, scale.blockSize[axis]!) !== 0)
      ? [`has blocks of ${formatFlag(scale.blockSize)}, which do not divide ${formatFlag(wanted.blockSize)}`]
      : []),
    ...(description.scales[0] !== undefined && !equalZyx(description.scales[0].box.start, wanted.box.start)
      ? [`starts at ${formatFlag(description.scales[0].box.start)}, not at ${formatFlag(wanted.box.start)}`]
      : []),
  ]
}
