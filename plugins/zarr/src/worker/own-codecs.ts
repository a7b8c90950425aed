import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import type * as Zstd from '@mongodb-js/zstd'
import { registry } from 'zarrita'
import { crc32c } from '../crc32c.js'

/** What zarrita expects of a codec from bytes to bytes. */
interface BytesCodec {
  readonly kind: 'bytes_to_bytes'
  encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  computeEncodedSize?(bytes: number): number
}

/** Memory of its own: results of zlib may lie in a pool that others share. */
const exact = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const levelOf = (configuration: unknown, fallback: number): number => {
  const { level } = (configuration ?? {}) as { level?: unknown }
  return typeof level === 'number' ? level : fallback
}

const gzip = (configuration: unknown): BytesCodec => ({
  kind: 'bytes_to_bytes',
  encode: (bytes) => {
    const packed = exact(gzipSync(bytes, { level: levelOf(configuration, 5) }))
    // byte 9 of the header names the operating system; 255 is "unknown" (RFC 1952)
    packed[9] = 255
    return packed
  },
  decode: (bytes) => gunzipSync(bytes),
})

const zlib = (configuration: unknown): BytesCodec => ({
  kind: 'bytes_to_bytes',
  encode: (bytes) => exact(deflateSync(bytes, { level: levelOf(configuration, 1) })),
  decode: (bytes) => inflateSync(bytes),
})

const CHECKSUM_BYTES = 4

const checksum = (): BytesCodec => ({
  kind: 'bytes_to_bytes',
  encode: (bytes) => {
    const sealed = new Uint8Array(bytes.length + CHECKSUM_BYTES)
    sealed.set(bytes)
    new DataView(sealed.buffer).setUint32(bytes.length, crc32c(bytes), true)
    return sealed
  },
  decode: (bytes) => {
    const length = bytes.length - CHECKSUM_BYTES
    if (length < 0) throw new RangeError('it is shorter than its checksum')
    const content = bytes.subarray(0, length)
    const stored = new DataView(bytes.buffer, bytes.byteOffset + length).getUint32(0, true)
    if (stored !== crc32c(content)) throw new RangeError('its checksum is wrong')
    return content
  },
  computeEncodedSize: (bytes) => bytes + CHECKSUM_BYTES,
})

/** What the package takes: a Buffer, and not on shared memory. */
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)

/** Level 0 of zstd is the library's own, which numcodecs takes for 1. */
const ZSTD_LEVEL = 3

type Codec = { fromConfig(configuration: unknown): BytesCodec }

/**
 * Decodes as machine code, several times as fast as numcodecs. Encodes with numcodecs: the frames of the package do not tell
 * the size of their content, without which Zarr in Python refuses them.
 */
const zstd =
  ({ decompress }: typeof Zstd, numcodecs: Codec) =>
  (configuration: unknown): BytesCodec => {
    const level = levelOf(configuration, ZSTD_LEVEL)
    const encoder = numcodecs.fromConfig({ level: level === 0 ? ZSTD_LEVEL : level })
    return {
      kind: 'bytes_to_bytes',
      encode: (bytes) => encoder.encode(bytes),
      decode: (bytes) => decompress(asBuffer(bytes)),
    }
  }

let registered: Promise<void> | undefined

/** zarrita decodes gzip and zlib through streams and encodes neither; it writes no checksums and checks none. */
export function registerOwnCodecs(): Promise<void> {
  registered ??= register()
  return registered
}

async function register(): Promise<void> {
  const add = (name: string, fromConfig: (configuration: unknown) => BytesCodec): void => {
    const codec = { fromConfig } as never
    registry.set(name, () => codec)
    registry.set(`numcodecs.${name}`, () => codec)
  }
  add('gzip', gzip)
  add('zlib', zlib)
  add('crc32c', checksum)
  // numcodecs serves where the package has nothing for the platform
  const native = await import('@mongodb-js/zstd').catch(() => undefined)
  const numcodecs = (await registry.get('zstd')!()) as unknown as Codec
  if (native !== undefined) add('zstd', zstd(native, numcodecs))
}
