import { open, readFile } from 'node:fs/promises'
import { chunkflowError } from '@chunkflow/sdk'
import { firstChannel, type GreyArray, unpackPixels } from './kernels/grey.js'

export interface PngHeader {
  readonly width: number
  readonly height: number
  /** Of the grey image it is read as. */
  readonly dtype: 'uint8' | 'uint16'
}

/** One section, the first channel of the file. */
export interface GreyImage extends PngHeader {
  readonly pixels: GreyArray
  /** Channels of the file: 1 grey, 2 grey and alpha, 3 or 4 colours (also of a palette). */
  readonly channels: number
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** Signature, length, type, and the fields of the header up to the interlace method. */
const HEADER_BYTES = 29

const unreadable = (path: string, reason: string, cause?: unknown): Error =>
  chunkflowError('png-unreadable', `${path} cannot be read: ${reason}`, {
    fix: 'check the file with an image viewer, and export it again',
    ...(cause === undefined ? {} : { cause }),
  })

function failedOpen(path: string) {
  return (cause: NodeJS.ErrnoException): never => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
      throw chunkflowError('png-missing', `There is no file ${path}`, { fix: 'check the path' })
    throw unreadable(path, cause.message, cause)
  }
}

/** Size and type without the pixels. @throws png-missing, png-unreadable */
export async function readPngHeader(path: string): Promise<PngHeader> {
  const handle = await open(path, 'r').catch(failedOpen(path))
  try {
    const bytes = Buffer.alloc(HEADER_BYTES)
    const { bytesRead } = await handle.read(bytes, 0, HEADER_BYTES, 0).catch(failedOpen(path))
    return parseHeader(bytes.subarray(0, bytesRead), path)
  } finally {
    await handle.close()
  }
}

function parseHeader(bytes: Buffer, path: string): PngHeader {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw unreadable(path, 'it is not a PNG file')
  if (bytes.length < HEADER_BYTES) throw unreadable(path, 'it is truncated')
  const depth = bytes.readUInt8(24)
  // the library takes such pixels for whole bytes
  if (depth < 8 && bytes.readUInt8(28) !== 0)
    throw unreadable(path, `interlaced images of ${depth} bits are not supported`)
  return {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    dtype: depth === 16 ? 'uint16' : 'uint8',
  }
}

/**
 * Reads an image as grey: of colours the first channel. 1, 2 and 4 bits are spread to 0 to 255, palettes looked up.
 * @throws png-missing, png-unreadable
 */
export async function readPng(path: string): Promise<GreyImage> {
  const bytes = await readFile(path).catch(failedOpen(path))
  const header = parseHeader(bytes, path)
  const { decode } = await import('fast-png')
  try {
    const { data, channels, depth, palette } = decode(bytes, { checkCrc: true })
    const { width, height } = header
    const values = depth < 8 ? unpackPixels(data as Uint8Array, width, height, depth) : (data as GreyArray)
    if (palette !== undefined)
      return { ...header, channels: 3, pixels: Uint8Array.from(values, (index) => palette[index]![0]!) }
    const spread = 255 / (2 ** depth - 1)
    const pixels =
      depth < 8 ? Uint8Array.from(values, (value) => value * spread) : firstChannel(values, channels)
    if (pixels.length !== width * height) throw new Error('pixels are missing')
    return { ...header, channels, pixels }
  } catch (cause) {
    throw unreadable(path, `it is damaged (${(cause as Error).message})`, cause)
  }
}

/** @param samples interleaved; 8 or 16 bits by their type */
export async function encodePng(
  width: number,
  height: number,
  samples: GreyArray,
  channels: 1 | 3,
): Promise<Uint8Array> {
  const { encode } = await import('fast-png')
  const depth = samples.BYTES_PER_ELEMENT === 2 ? 16 : 8
  return encode({ width, height, data: samples, channels, depth }, { zlib: { level: 6 } })
}
