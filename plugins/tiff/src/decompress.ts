import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { decodeLzw } from './kernels/lzw.js'
import { decodePackBits } from './kernels/pack-bits.js'
import { type Page, unsupported } from './pages.js'

const NONE = 1
const LZW = 5
const JPEG = 7
const DEFLATE = 8
const DEFLATE_OLD = 32946
const PACK_BITS = 32773
const ZSTD = 50000

export const UNCOMPRESSED = NONE
/** True for compressions that a predictor may come before. */
export const takesPredictor = ({ compression }: Page): boolean =>
  [LZW, DEFLATE, DEFLATE_OLD, ZSTD].includes(compression)

const OTHERS: Readonly<Record<number, string>> = {
  2: 'CCITT',
  3: 'CCITT group 3',
  4: 'CCITT group 4',
  6: 'old-style JPEG',
  34712: 'JPEG 2000',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
}

const inflateAsync = promisify(inflate)

/** @throws tiff-unsupported for compressions that nothing here decodes */
export function requireSupportedCompression(page: Page, place: string): void {
  if (![NONE, LZW, JPEG, DEFLATE, DEFLATE_OLD, PACK_BITS, ZSTD].includes(page.compression))
    throw unsupported(place, `is compressed with ${OTHERS[page.compression] ?? `method ${page.compression}`}`)
  if (page.compression === JPEG && page.bits !== 8)
    throw unsupported(place, `is compressed with JPEG of ${page.bits} bits`)
}

/**
 * The bytes of a block as they were before compression, predictor still applied.
 * @param length bytes a block of this height has
 * @param limit bytes a block of full height has: some writers pad the last strip
 * @throws Error of the decoder, or when the result is too short; the caller knows the place
 */
export async function decompress(
  page: Page,
  raw: Buffer,
  length: number,
  limit: number,
): Promise<Uint8Array> {
  const bytes = await decode(page, raw, length, limit)
  if (bytes.length < length) throw new Error(`a block ends after ${bytes.length} of ${length} bytes`)
  return bytes
}

async function decode(page: Page, raw: Buffer, length: number, limit: number): Promise<Uint8Array> {
  if (page.compression === NONE) return raw
  if (page.compression === PACK_BITS) {
    const bytes = decodePackBits(raw, length)
    if (bytes === null) throw new Error('its run lengths do not add up')
    return bytes
  }
  if (page.compression === LZW) return decodeLzw(raw, length)
  if (page.compression === DEFLATE || page.compression === DEFLATE_OLD)
    return inflateAsync(raw, {
      maxOutputLength: Math.max(1, limit),
      chunkSize: Math.max(1024, Math.min(limit, 2 ** 24)),
    })
  const { getDecoder } = await import('geotiff')
  const parameters = {
    tileWidth: page.blockWidth,
    tileHeight: page.blockHeight,
    planarConfiguration: page.planar ? 2 : 1,
    bitsPerSample: Array.from({ length: page.samples }, () => page.bits),
    samplesPerPixel: page.samples,
    predictor: 1,
    JPEGTables: page.jpegTables,
  }
  const decoder = await getDecoder(page.compression, parameters)
  const own = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer
  return new Uint8Array(await decoder.decode(own))
}
