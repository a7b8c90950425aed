import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { registry } from 'zarrita'
import { crc32c } from './crc32c.js'

/** What zarrita expects of a codec from bytes to bytes. */
interface BytesCodec {
  readonly kind: 'bytes_to_bytes'
  encode(bytes: Uint8Array): Uint8Array
  decode(bytes: Uint8Array): Uint8Array
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
  decode: (bytes) => exact(gunzipSync(bytes)),
})

const zlib = (configuration: unknown): BytesCodec => ({
  kind: 'bytes_to_bytes',
  encode: (bytes) => exact(deflateSync(bytes, { level: levelOf(configuration, 1) })),
  decode: (bytes) => exact(inflateSync(bytes)),
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
    const content = bytes.slice(0, length)
    const stored = new DataView(bytes.buffer, bytes.byteOffset + length).getUint32(0, true)
    if (stored !== crc32c(content)) throw new RangeError('its checksum is wrong')
    return content
  },
  computeEncodedSize: (bytes) => bytes + CHECKSUM_BYTES,
})

let registered = false

/** zarrita decodes gzip and zlib through streams and encodes neither; it writes no checksums and checks none. */
export function registerOwnCodecs(): void {
  if (registered) return
  registered = true
  const add = (name: string, fromConfig: (configuration: unknown) => BytesCodec): void => {
    const codec = { fromConfig } as never
    registry.set(name, () => codec)
    registry.set(`numcodecs.${name}`, () => codec)
  }
  add('gzip', gzip)
  add('zlib', zlib)
  add('crc32c', checksum)
}
