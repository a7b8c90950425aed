import { gunzipSync, gzipSync } from 'node:zlib'
import { chunkflowError } from '@chunkflow/sdk'

/** The same bytes give the same result on every machine. */
export function pack(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(gzipSync(bytes))
  // byte 9 of the header names the operating system; 255 is "unknown" (RFC 1952)
  packed[9] = 255
  return packed
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8

/**
 * Undoes a content encoding. Bytes that a client already decompressed are passed on.
 * @throws mesh-fragment-corrupt, mesh-format-unsupported
 */
export function unpack(bytes: Uint8Array, contentEncoding: string | undefined, where: string): Uint8Array {
  const method = contentEncoding?.toLowerCase() ?? ''
  if (['', 'identity', 'none'].includes(method)) return bytes
  if (method !== 'gzip' && method !== 'x-gzip')
    throw chunkflowError(
      'mesh-format-unsupported',
      `Meshes compressed with "${contentEncoding}" are not read`,
      {
        where,
        fix: 'store them with gzip, or as they are',
      },
    )
  if (!isGzip(bytes)) return bytes
  try {
    return gunzipSync(bytes)
  } catch (cause) {
    throw chunkflowError('mesh-fragment-corrupt', `Cannot be decompressed: ${(cause as Error).message}`, {
      where,
      fix: 'make the meshes of this part of the volume again',
      cause,
    })
  }
}
