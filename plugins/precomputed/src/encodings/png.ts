import type { Encoding } from '@chunkflow/sdk'
import { decodePicture, forgetPictures, type PictureFormat, pictureOf, refusesPicture } from './picture.js'

const FORMAT: PictureFormat = {
  name: 'png',
  channels: [1, 2, 3, 4],
  dtypes: ['uint8', 'uint16'],
  longestSide: 2 ** 20,
}
const DEFAULT_LEVEL = 6

const levelOf = (settings: Readonly<Record<string, unknown>>): unknown => settings.png_level ?? DEFAULT_LEVEL
const isLevel = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 9

/**
 * `png`: uint8 and uint16 with 1 to 4 channels, exact. `png_level` of the scale is the level of its compression, 6 when it is
 * missing.
 */
export function pngEncoding(): Encoding {
  forgetPictures()
  return {
    refuses(block) {
      const level = levelOf(block.settings)
      if (!isLevel(level)) return `png_level is ${JSON.stringify(level)}`
      return refusesPicture(FORMAT, block)
    },
    encode: (voxels, block) =>
      pictureOf(voxels, block, FORMAT)
        .png({ compressionLevel: levelOf(block.settings) as number, adaptiveFiltering: true })
        .toBuffer(),
    decode: (bytes, block, target) => decodePicture(bytes, block, target, FORMAT),
  }
}
