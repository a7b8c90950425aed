import type { Encoding } from '@chunkflow/sdk'
import { decodePicture, forgetPictures, type PictureFormat, pictureOf, refusesPicture } from './picture.js'

const FORMAT: PictureFormat = { name: 'jpeg', channels: [1, 3], dtypes: ['uint8'], longestSide: 65500 }
/** CloudVolume's. */
const DEFAULT_QUALITY = 85

const qualityOf = (settings: Readonly<Record<string, unknown>>): unknown =>
  settings.jpeg_quality ?? DEFAULT_QUALITY
const isQuality = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100

/**
 * `jpeg`: uint8 with 1 or 3 channels; loses a little of every voxel. `jpeg_quality` of the scale is the quality, 85 when it is
 * missing. Colours are not subsampled: channels are data.
 */
export function jpegEncoding(): Encoding {
  forgetPictures()
  return {
    refuses(block) {
      const quality = qualityOf(block.settings)
      if (!isQuality(quality)) return `jpeg_quality is ${JSON.stringify(quality)}`
      return refusesPicture(FORMAT, block)
    },
    encode: (voxels, block) =>
      pictureOf(voxels, block, FORMAT)
        // the library's lowest quality is 1
        .jpeg({ quality: Math.max(1, qualityOf(block.settings) as number), chromaSubsampling: '4:4:4' })
        .toBuffer(),
    decode: (bytes, block, target) => decodePicture(bytes, block, target, FORMAT),
  }
}
