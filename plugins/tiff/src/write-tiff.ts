import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { Chunk, ProgressBar } from '@chunkflow/sdk'
import { writeDescription } from './description.js'
import { samplesOfDtype } from './sample-type.js'

export type TiffCompression = '' | 'zlib' | 'packints'

const deflateAsync = promisify(deflate)
const COMPRESSION_NUMBERS: Readonly<Record<TiffCompression, number>> = { '': 1, zlib: 8, packints: 32773 }
/** Beyond this the offsets of a classic TIFF might overflow. */
const CLASSIC_LIMIT = 2 ** 32 - 2 ** 25

/* Tags and field types of TIFF 6.0 (Adobe, 1992); BigTIFF as described by Aware Systems. */
const SHORT = 3
const LONG = 4
const ASCII = 2
const LONG8 = 16

type Field = readonly [tag: number, type: number, values: readonly number[] | string]

/**
 * Writes a volume page by page: one strip a page, z fastest within a channel. At most a few pages are in memory.
 * @param file path of a file to be made
 * @param big 64-bit offsets; left out, only when the volume could outgrow a classic file
 */
export async function writeTiff(
  file: string,
  chunk: Chunk,
  { compression, big }: { compression: TiffCompression; big?: boolean },
  bar?: ProgressBar,
): Promise<void> {
  const [height, width] = chunk.shape.slice(-2) as [number, number]
  const pages = chunk.data.length / Math.max(1, height * width)
  const isBig = big ?? chunk.data.byteLength + pages * 512 > CLASSIC_LIMIT
  const handle = await open(file, 'w')
  try {
    let position = isBig ? 16 : 8
    // where the address of the next directory is stored
    let link = isBig ? 8 : 4
    await handle.write(header(isBig), 0, undefined, 0)
    for (let page = 0; page < pages; page++) {
      const pixels = (chunk.data as Uint8Array).subarray(page * height * width, (page + 1) * height * width)
      const strip = await compress(
        new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength),
        compression,
      )
      const { format, bits } = samplesOfDtype(chunk.dtype)
      const fields: Field[] = [
        [256, LONG, [width]],
        [257, LONG, [height]],
        [258, SHORT, [bits]],
        [259, SHORT, [COMPRESSION_NUMBERS[compression]]],
        [262, SHORT, [1]],
        ...(page === 0 ? ([[270, ASCII, writeDescription(chunk.shape, chunk.voxelSize)]] as Field[]) : []),
        [273, isBig ? LONG8 : LONG, [position]],
        [277, SHORT, [1]],
        [278, LONG, [height]],
        [279, isBig ? LONG8 : LONG, [strip.length]],
        [339, SHORT, [format]],
      ]
      const directoryAt = even(position + strip.length)
      const directory = encodeDirectory(fields, directoryAt, isBig)
      await handle.write(strip, 0, strip.length, position)
      await handle.write(directory.bytes, 0, directory.bytes.length, directoryAt)
      await handle.write(encodeAddress(directoryAt, isBig), 0, undefined, link)
      link = directoryAt + directory.linkOffset
      position = even(directoryAt + directory.bytes.length)
      bar?.advance()
    }
  } finally {
    await handle.close()
  }
}

const even = (position: number): number => position + (position % 2)

async function compress(bytes: Uint8Array, compression: TiffCompression): Promise<Uint8Array> {
  if (compression === 'zlib') return deflateAsync(bytes)
  return compression === 'packints' ? packBits(bytes) : bytes
}

function header(big: boolean): Buffer {
  const bytes = Buffer.alloc(big ? 16 : 8)
  bytes.write('II', 'latin1')
  bytes.writeUInt16LE(big ? 43 : 42, 2)
  if (big) bytes.writeUInt16LE(8, 4)
  return bytes
}

function encodeAddress(address: number, big: boolean): Buffer {
  const bytes = Buffer.alloc(big ? 8 : 4)
  if (big) bytes.writeBigUInt64LE(BigInt(address))
  else bytes.writeUInt32LE(address)
  return bytes
}

/** A directory with the values that do not fit into its entries behind it. The link to the next one is 0 for now. */
function encodeDirectory(
  fields: readonly Field[],
  at: number,
  big: boolean,
): { bytes: Buffer; linkOffset: number } {
  const entrySize = big ? 20 : 12
  const inlineSize = big ? 8 : 4
  const countSize = big ? 8 : 2
  const linkOffset = countSize + fields.length * entrySize
  const tail: Buffer[] = []
  let tailAt = linkOffset + (big ? 8 : 4)
  const head = Buffer.alloc(tailAt)
  if (big) head.writeBigUInt64LE(BigInt(fields.length))
  else head.writeUInt16LE(fields.length)
  fields.forEach(([tag, type, values], index) => {
    const entry = countSize + index * entrySize
    const data = encodeValues(type, values)
    head.writeUInt16LE(tag, entry)
    head.writeUInt16LE(type, entry + 2)
    const count = typeof values === 'string' ? data.length : values.length
    if (big) head.writeBigUInt64LE(BigInt(count), entry + 4)
    else head.writeUInt32LE(count, entry + 4)
    const valueAt = entry + 4 + inlineSize
    if (data.length <= inlineSize) data.copy(head, valueAt)
    else {
      encodeAddress(at + tailAt, big).copy(head, valueAt)
      const padded = Buffer.concat([data, Buffer.alloc(data.length % 2)])
      tail.push(padded)
      tailAt += padded.length
    }
  })
  return { bytes: Buffer.concat([head, ...tail]), linkOffset }
}

function encodeValues(type: number, values: readonly number[] | string): Buffer {
  if (typeof values === 'string') return Buffer.from(`${values}\0`, 'latin1')
  const size = type === SHORT ? 2 : type === LONG ? 4 : 8
  const bytes = Buffer.alloc(size * values.length)
  values.forEach((value, index) => {
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value), index * 8)
    else bytes.writeUIntLE(value, index * size, size)
  })
  return bytes
}

/** Apple's PackBits run lengths: literal runs 0..127, repeats -1..-127. Repeats of two stay literal, so that nothing grows much. */
export function packBits(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + Math.ceil(bytes.length / 128) + 1)
  const repeats = (index: number): boolean =>
    index + 2 < bytes.length && bytes[index] === bytes[index + 1] && bytes[index] === bytes[index + 2]
  let length = 0
  let index = 0
  while (index < bytes.length) {
    const start = index
    if (repeats(index)) {
      while (index < bytes.length && index - start < 128 && bytes[index] === bytes[start]) index++
      out[length++] = 257 - (index - start)
      out[length++] = bytes[start]!
    } else {
      while (index < bytes.length && index - start < 128 && !repeats(index)) index++
      out[length++] = index - start - 1
      out.set(bytes.subarray(start, index), length)
      length += index - start
    }
  }
  return out.subarray(0, length)
}
