import { promisify } from 'node:util'
import zlib from 'node:zlib'

type Callback = (error: Error | null, result: Buffer) => void
/** In Node since 22.15. */
interface NodeZstd {
  zstdCompress?(bytes: Uint8Array, options: { params: Record<number, number> }, done: Callback): void
  zstdDecompress?(bytes: Uint8Array, options: { maxOutputLength: number }, done: Callback): void
}
const node = zlib as unknown as NodeZstd
/** ZSTD_c_compressionLevel. */
const LEVEL_PARAMETER = 100

/** What the package takes: a Buffer, and not on shared memory. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes.buffer instanceof ArrayBuffer
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.from(bytes)

/** Zstandard off the main thread: Node's own where there is one, else a package. @param level 1 to 22 */
export async function compressZstd(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  if (node.zstdCompress === undefined)
    return (await import('@mongodb-js/zstd')).compress(asBuffer(bytes), level)
  const compress = promisify(node.zstdCompress)
  return compress(bytes, { params: { [LEVEL_PARAMETER]: level } })
}

export async function decompressZstd(bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array> {
  if (node.zstdDecompress !== undefined) return promisify(node.zstdDecompress)(bytes, { maxOutputLength })
  const announced = contentSize(bytes)
  if (announced !== undefined && announced > maxOutputLength)
    throw new RangeError(`${announced} bytes are more than a block can have`)
  return (await import('@mongodb-js/zstd')).decompress(asBuffer(bytes))
}

/** Size of the data of a frame, if its header tells (RFC 8878, 3.1.1.1). */
function contentSize(bytes: Uint8Array): number | undefined {
  const descriptor = bytes[4] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const flag = descriptor >>> 6
  const fieldBytes = flag === 0 ? (isSingleSegment ? 1 : 0) : 1 << flag
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes
  if (fieldBytes === 0 || bytes.length < at + fieldBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, fieldBytes)
  if (fieldBytes === 1) return view.getUint8(0)
  if (fieldBytes === 2) return view.getUint16(0, true) + 256
  return fieldBytes === 4 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true))
}
