import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { chunkflowError, isChunkflowError } from '@chunkflow/sdk'
import { compressZstd, decompressZstd } from './zstd.js'

const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip)
const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip)
const brotliCompress = promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliCompress)
const brotliDecompress = promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)

/** How the bytes of encoded blocks are stored. */
export interface Compression {
  readonly method: 'gzip' | 'br' | 'zstd' | 'none'
  /** gzip 0 to 9, br 0 to 11, zstd 1 to 22; the method's own default when undefined. */
  readonly level?: number | undefined
}

/** What an object is called in a folder, and its content encoding elsewhere. */
export const COMPRESSIONS = {
  gzip: { suffix: '.gz', contentEncoding: 'gzip', level: 6 },
  br: { suffix: '.br', contentEncoding: 'br', level: 5 },
  zstd: { suffix: '.zstd', contentEncoding: 'zstd', level: 3 },
  none: { suffix: '', contentEncoding: undefined, level: 0 },
} as const

/** Encodings whose bytes compression cannot shrink. */
export const DENSE_ENCODINGS: ReadonlySet<string> = new Set(['jpeg', 'jxl', 'png'])

/** zlib's own level when none is asked for. */
export const DEFAULT_GZIP_LEVEL = COMPRESSIONS.gzip.level

/** Output buffers of zlib: one round trip to the thread pool for a usual block, no huge allocation for a hostile one. */
const outputBytes = (expected: number): number => Math.min(Math.max(expected + 64, 1 << 14), 1 << 22)

/** No encoding of a block is larger than this: more is a bomb, or another volume's block. */
const largestOutput = (expected: number): number => 8 * expected + 2 ** 20

/** Off the main thread. The same input and level give the same bytes: no time, no operating system. */
export async function compress(bytes: Uint8Array, { method, level }: Compression): Promise<Uint8Array> {
  if (method === 'none') return bytes
  const chosen = level ?? COMPRESSIONS[method].level
  if (method === 'zstd') return compressZstd(bytes, chosen)
  const chunkSize = outputBytes(bytes.length)
  if (method === 'br')
    return brotliCompress(bytes, {
      chunkSize,
      params: {
        [zlib.constants.BROTLI_PARAM_QUALITY]: chosen,
        [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    })
  const packed = await gzip(bytes, { level: chosen, chunkSize })
  // byte 9 of the header names the operating system; 255 is "unknown" (RFC 1952)
  packed[9] = 255
  return packed
}

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((value, index) => bytes[index] === value)
export const isGzip = (bytes: Uint8Array): boolean => startsWith(bytes, [0x1f, 0x8b, 8])
const isZstd = (bytes: Uint8Array): boolean => startsWith(bytes, [0x28, 0xb5, 0x2f, 0xfd])

/** What is wrong with stored bytes. */
export const corrupt = (what: string, where: string, cause?: unknown) =>
  chunkflowError('block-corrupt', what, {
    where,
    fix: 'write the block again; its file is damaged or was cut short',
    ...(cause === undefined ? {} : { cause }),
  })

/**
 * Undoes a content encoding (or the suffix of a file name). Bytes that a client already decompressed are passed on; where
 * nothing tells, the first bytes do.
 * @param expected bytes of the voxels; a result many times as large is refused
 * @throws block-corrupt, encoding-unknown
 */
export async function decompress(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  expected: number,
  where: string,
): Promise<Uint8Array> {
  const maxOutputLength = largestOutput(expected)
  const options = { chunkSize: outputBytes(expected), maxOutputLength }
  try {
    switch (contentEncoding?.toLowerCase()) {
      case undefined:
      case '':
      case 'identity':
      case 'none':
        // raw voxels may begin with anything
        if (bytes.length === expected) return bytes
        if (isGzip(bytes)) return await gunzip(bytes, options)
        return isZstd(bytes) ? await decompressZstd(bytes, maxOutputLength) : bytes
      case 'gzip':
      case 'x-gzip':
        return isGzip(bytes) ? await gunzip(bytes, options) : bytes
      case 'zstd':
        return isZstd(bytes) ? await decompressZstd(bytes, maxOutputLength) : bytes
      case 'br':
        return await brotliDecompress(bytes, options)
    }
  } catch (cause) {
    throw isChunkflowError(cause)
      ? cause
      : corrupt(`A block cannot be decompressed: ${(cause as Error).message}`, where, cause)
  }
  throw chunkflowError('encoding-unknown', `A block is compressed with "${contentEncoding}"`, {
    where,
    fix: 'gzip, brotli and zstd are read; copy the volume with another compression',
  })
}
