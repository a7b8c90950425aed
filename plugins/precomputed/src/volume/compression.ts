import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { chunkflowError } from '@chunkflow/sdk'

const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip)
const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip)
const brotliDecompress = promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)

/** zlib's own level when none is asked for. */
export const DEFAULT_GZIP_LEVEL = 6

/** Output buffers of zlib: one round trip to the thread pool for a usual block, no huge allocation for a hostile one. */
const outputBytes = (expected: number): number => Math.min(Math.max(expected + 64, 1 << 14), 1 << 22)

/** gzip on the thread pool. The bytes depend on the input and the level only: no time, no operating system. */
export async function compressGzip(
  bytes: Uint8Array,
  level: number = DEFAULT_GZIP_LEVEL,
): Promise<Uint8Array> {
  const packed = await gzip(bytes, { level, chunkSize: outputBytes(bytes.length / 2) })
  // byte 9 of the header names the operating system; 255 is "unknown" (RFC 1952)
  packed[9] = 255
  return packed
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/**
 * Undoes a content encoding (or the suffix of a file name). Bytes that a client already decompressed are passed on.
 * @param expected bytes to reserve for the result
 * @throws block-corrupt, encoding-unknown
 */
export async function decompress(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  expected: number,
  where: string,
): Promise<Uint8Array> {
  const options = { chunkSize: outputBytes(expected) }
  try {
    switch (contentEncoding) {
      case undefined:
      case '':
      case 'identity':
        return bytes
      case 'gzip':
        return isGzip(bytes) ? await gunzip(bytes, options) : bytes
      case 'br':
        return await brotliDecompress(bytes, options)
    }
  } catch (cause) {
    throw chunkflowError('block-corrupt', `A block cannot be decompressed: ${(cause as Error).message}`, {
      where,
      fix: 'write the block again; its file is damaged or was cut short',
      cause,
    })
  }
  throw chunkflowError('encoding-unknown', `A block is compressed with "${contentEncoding}"`, {
    where,
    fix: 'gzip and brotli are read; copy the volume with another compression',
  })
}
