import { type BlockShape, bytesPerElement, type TypedArray } from '@chunkflow/sdk'
import sharp, { type Sharp } from 'sharp'

/** The formats of pictures that hold blocks, with what they can hold. */
export interface PictureFormat {
  readonly name: 'jpeg' | 'png'
  readonly channels: readonly number[]
  readonly dtypes: readonly string[]
  readonly longestSide: number
}

/** Pictures pass once: remembering them only costs memory. For every encoding that uses pictures, when it is created. */
export const forgetPictures = (): void => void sharp.cache(false)

type Samples = Uint8Array | Uint16Array

/**
 * Width and height of the picture of a block: x by y·z, or x·y by z where that is too high. Read row by row, the pixels are the
 * voxels of a channel with x fastest; channels are the components of a pixel.
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md (chunk encoding)
 */
function pictureSize(
  [, z, y, x]: BlockShape['shapeCzyx'],
  longestSide: number,
): { width: number; height: number } | undefined {
  const shapes = [
    { width: x, height: y * z },
    { width: x * y, height: z },
  ]
  return shapes.find(({ width, height }) => width <= longestSide && height <= longestSide)
}

/** Why a block is not held by pictures of a format; undefined when it is. */
export function refusesPicture(
  { name, channels, dtypes, longestSide }: PictureFormat,
  { dtype, shapeCzyx }: BlockShape,
): string | undefined {
  if (!dtypes.includes(dtype)) return `${name} holds ${dtypes.join(' and ')}, not ${dtype}`
  if (!channels.includes(shapeCzyx[0]))
    return `${name} holds ${channels.join(', ')} channels, not ${shapeCzyx[0]}`
  return pictureSize(shapeCzyx, longestSide) === undefined
    ? `a picture of such a block has a side over ${longestSide}`
    : undefined
}

/** Colour spaces that leave the samples as they are; channels beyond grey or RGB are alpha. */
function colourSpace(channels: number, bytes: number): string {
  if (bytes === 1) return channels < 3 ? 'b-w' : 'srgb'
  return channels < 3 ? 'grey16' : 'rgb16'
}

/** A picture of a block, to be given a format. */
export function pictureOf(
  voxels: TypedArray,
  { shapeCzyx }: BlockShape,
  { longestSide }: PictureFormat,
): Sharp {
  const [channels] = shapeCzyx
  const size = pictureSize(shapeCzyx, longestSide)!
  const samples = channels === 1 ? (voxels as Samples) : interleave(voxels as Samples, channels)
  return sharp(samples, { raw: { ...size, channels: channels as 1 | 2 | 3 | 4 } }).toColourspace(
    colourSpace(channels, samples.BYTES_PER_ELEMENT),
  )
}

/**
 * Decodes a picture into the voxels of a block, on libvips' threads.
 * @throws RangeError for another format or size, Error for a damaged picture
 */
export async function decodePicture(
  bytes: Uint8Array,
  { dtype, shapeCzyx }: BlockShape,
  target: TypedArray,
  { name }: PictureFormat,
): Promise<void> {
  const [channels, z, y, x] = shapeCzyx
  const pixels = z * y * x
  const picture = sharp(bytes, { ignoreIcc: true, limitInputPixels: pixels })
  const found = await picture.metadata()
  const depth = bytesPerElement(dtype) === 1 ? 'uchar' : 'ushort'
  if (found.format !== name) throw new RangeError(`it is a ${found.format} picture, not ${name}`)
  if (found.width * found.height !== pixels || found.channels !== channels || found.depth !== depth)
    throw new RangeError(
      `a ${name} picture of ${found.width}×${found.height} pixels with ${found.channels} channels (${found.depth}) is not ${shapeCzyx.join('×')} voxels (czyx) of ${dtype}`,
    )
  // raw grey output has no alpha: its pixels are asked for as RGBA, and the first and last component are kept
  const isGreyWithAlpha = channels === 2 && depth === 'uchar'
  const { data, info } = await picture
    .toColourspace(isGreyWithAlpha ? 'srgb' : colourSpace(channels, bytesPerElement(dtype)))
    .raw({ depth })
    .toBuffer({ resolveWithObject: true })
  const samples = samplesOf(data, depth)
  const components = isGreyWithAlpha ? [0, info.channels - 1] : Array.from({ length: channels }, (_, c) => c)
  if (samples.length !== pixels * info.channels)
    throw new RangeError(`${samples.length} samples were decoded`)
  deinterleave(samples, info.channels, components, target as Samples)
}

const samplesOf = (data: Buffer, depth: 'uchar' | 'ushort'): Samples =>
  depth === 'uchar'
    ? data
    : new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))

/** Channel after channel to pixel after pixel. */
function interleave(voxels: Samples, channels: number): Samples {
  const pixels = voxels.length / channels
  const samples =
    voxels.BYTES_PER_ELEMENT === 1 ? new Uint8Array(voxels.length) : new Uint16Array(voxels.length)
  for (let channel = 0; channel < channels; channel++)
    for (let pixel = 0, from = channel * pixels; pixel < pixels; pixel++)
      samples[pixel * channels + channel] = voxels[from + pixel]!
  return samples
}

function deinterleave(
  samples: Samples,
  stride: number,
  components: readonly number[],
  target: Samples,
): void {
  const pixels = samples.length / stride
  if (stride === 1) {
    target.set(samples)
    return
  }
  components.forEach((component, channel) => {
    for (let pixel = 0, to = channel * pixels; pixel < pixels; pixel++)
      target[to + pixel] = samples[pixel * stride + component]!
  })
}
