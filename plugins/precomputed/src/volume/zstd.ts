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

/** What the package is made of: its own `compress` forgets the level. */
interface Bindings {
  compress(bytes: Buffer, level: number): Promise<Uint8Array>
}

const loadBindings = async (): Promise<Bindings> => {
  // no types of its own
  const name: string = '@mongodb-js/zstd/bindings.js'
  return (await import(name)) as Bindings
}

/**
 * Zstandard off the main thread: Node's own where there is one, else a package. The frame tells the size of its content,
 * without which some readers refuse it (`zstandard` in Python).
 * @param level 1 to 22
 */
export async function compressZstd(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const frame =
    node.zstdCompress === undefined
      ? await (await loadBindings()).compress(asBuffer(bytes), level)
      : await promisify(node.zstdCompress)(bytes, { params: { [LEVEL_PARAMETER]: level } })
  return withContentSize(frame, bytes.length)
}

export async function decompressZstd(bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array> {
  if (node.zstdDecompress !== undefined) return promisify(node.zstdDecompress)(bytes, { maxOutputLength })
  const announced = contentSize(bytes)
  if (announced !== undefined && announced > maxOutputLength)
    throw new RangeError(`${announced} bytes are more than a block can have`)
  return (await import('@mongodb-js/zstd')).decompress(asBuffer(bytes))
}

/** How the header of a frame is laid out (RFC 8878, 3.1.1.1), behind its magic number. */
function headerOf(frame: Uint8Array) {
  const descriptor = frame[4] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const flag = descriptor >>> 6
  const windowBytes = isSingleSegment ? 0 : 1
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  return {
    descriptor,
    /** Where the size of the content stands, and how many bytes it has; 0 where it is not told. */
    at: 5 + windowBytes + dictionaryBytes,
    bytes: flag === 0 ? (isSingleSegment ? 1 : 0) : 1 << flag,
  }
}

/** Puts the size of the content into the header, with 4 bytes, unless it is there. */
function withContentSize(frame: Uint8Array, size: number): Uint8Array {
  const { descriptor, at, bytes } = headerOf(frame)
  if (bytes > 0 || size >= 2 ** 32) return frame
  const sized = new Uint8Array(frame.length + 4)
  sized.set(frame.subarray(0, at))
  sized[4] = descriptor | 0x80
  new DataView(sized.buffer).setUint32(at, size, true)
  sized.set(frame.subarray(at), at + 4)
  return sized
}

/** Size of the data of a frame, if its header tells. */
function contentSize(frame: Uint8Array): number | undefined {
  const { at, bytes } = headerOf(frame)
  if (bytes === 0 || frame.length < at + bytes) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset + at, bytes)
  if (bytes === 1) return view.getUint8(0)
  if (bytes === 2) return view.getUint16(0, true) + 256
  return bytes === 4 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true))
}
