import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import {
  bytesPerElement,
  type Chunk,
  convertElements,
  DTYPES,
  type Dtype,
  type ProgressBar,
  type TypedArray,
} from '@chunkflow/sdk'
import { countLost } from '@chunkflow/sdk/numerics'
import { mapAhead } from './concurrency.js'
import { descriptionsOf } from './descriptions.js'
import { align, encodeDirectory, encodeHeader, type FieldValue } from './directory-writer.js'
import { encodePackBits } from './kernels/pack-bits.js'
import { scaleToBytes } from './kernels/scale.js'

export const WRITTEN_COMPRESSIONS = ['', 'zlib', 'packints'] as const
export type WrittenCompression = (typeof WRITTEN_COMPRESSIONS)[number]

export interface WriteSettings {
  /** Of the file; bool is not a TIFF type. */
  readonly dtype: Exclude<Dtype, 'bool'>
  /** Floats in [0, 1] become bytes: 255 v, truncated. */
  readonly scale: boolean
  readonly compression: WrittenCompression
  /** Also for small files. */
  readonly bigtiff: boolean
  /** Offsets up to here fit an ordinary TIFF. */
  readonly classicLimit?: number
  readonly signal?: AbortSignal | undefined
  readonly bar?: ProgressBar | undefined
  /** Told of values that the element type of the file cannot hold; see `countLost`. */
  readonly onLost?: ((count: number) => void) | undefined
}

/** Rows are grouped into strips of about this size: large pages are compressed in parallel and never held whole. */
const STRIP_BYTES = 16 * 2 ** 20
const STRIPS_AHEAD = 4
/** Output is collected in pieces of this size; the library's 16 KiB cost a switch between threads each. */
const DEFLATE_BUFFER_BYTES = 2 ** 20
const CLASSIC_LIMIT = 2 ** 32 - 1
/** Of pages for which directories are gathered before a write. */
const DIRECTORIES_AT_ONCE = 4096
/** Room for the header of either kind. */
const HEADER_BYTES = 16

const deflateAsync = promisify(deflate)

/**
 * Writes a chunk, a page a section, at a path that does not exist yet. Strips are compressed a few ahead and written in order; the page
 * directories follow all voxels, so that the size is known when ordinary TIFF or BigTIFF is chosen.
 * @throws errors of the file system as they are
 */
export async function writeTiff(path: string, chunk: Chunk, settings: WriteSettings): Promise<void> {
  const handle = await open(path, 'w')
  try {
    const rowsPerStrip = rowsOfStrip(chunk, settings.dtype)
    const strips = await writeStrips(handle, chunk, rowsPerStrip, settings)
    await writeDirectories(handle, chunk, rowsPerStrip, strips, settings)
  } finally {
    await handle.close()
  }
}

const rowsOfStrip = ({ shape }: Chunk, dtype: Dtype): number => {
  const [height, width] = shape.slice(-2) as [number, number]
  return Math.max(1, Math.min(height, Math.floor(STRIP_BYTES / (width * bytesPerElement(dtype)))))
}

/** Where the strips of all pages went. */
interface Strips {
  readonly offsets: readonly number[]
  readonly byteCounts: readonly number[]
  /** End of the voxels. */
  readonly end: number
}

async function writeStrips(
  handle: FileHandle,
  chunk: Chunk,
  rowsPerStrip: number,
  { dtype, scale, compression, signal, bar, onLost }: WriteSettings,
): Promise<Strips> {
  const [height, width] = chunk.shape.slice(-2) as [number, number]
  function* parts(): Generator<TypedArray> {
    for (let page = 0; page < chunk.data.length; page += height * width)
      for (let row = 0; row < height; row += rowsPerStrip) {
        const end = Math.min(row + rowsPerStrip, height)
        yield (chunk.data as Uint8Array).subarray(page + row * width, page + end * width)
      }
  }
  const offsets: number[] = []
  const byteCounts: number[] = []
  let end = HEADER_BYTES
  const encoded = mapAhead(parts(), STRIPS_AHEAD, async (part) => {
    signal?.throwIfAborted()
    const samples = scale
      ? scaleToBytes(part as Float32Array, chunk.dtype)
      : dtype === chunk.dtype || chunk.dtype === 'bool'
        ? part
        : convertElements(part, chunk.dtype, dtype)
    if (!scale && samples !== part) onLost?.(countLost(part, chunk.dtype, samples as TypedArray, dtype))
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
    return {
      bytes: await compress(bytes, compression, width * bytesPerElement(dtype)),
      elements: part.length,
    }
  })
  for await (const { bytes, elements } of encoded) {
    await writeAll(handle, bytes, end)
    offsets.push(end)
    byteCounts.push(bytes.length)
    end += bytes.length
    bar?.advance(elements)
  }
  return { offsets, byteCounts, end }
}

async function compress(
  bytes: Uint8Array,
  compression: WrittenCompression,
  rowBytes: number,
): Promise<Uint8Array> {
  if (compression === 'zlib')
    return deflateAsync(bytes, { chunkSize: Math.min(DEFLATE_BUFFER_BYTES, Math.max(1024, bytes.length)) })
  return compression === 'packints' ? encodePackBits(bytes, rowBytes) : bytes
}

async function writeDirectories(
  handle: FileHandle,
  chunk: Chunk,
  rowsPerStrip: number,
  strips: Strips,
  settings: WriteSettings,
): Promise<void> {
  const stripsPerPage = Math.ceil(chunk.shape.at(-2)! / rowsPerStrip)
  const pages = strips.offsets.length / stripsPerPage
  const encode = (page: number, offset: number, big: boolean): Buffer =>
    encodeDirectory(fieldsOf(chunk, page, { rowsPerStrip, stripsPerPage, strips, settings, big }), offset, {
      big,
      more: page + 1 < pages,
    })
  const first = align(strips.end)
  // all directories but the first are of one size
  const classicEnd =
    first + encode(0, 0, false).length + (pages > 1 ? (pages - 1) * encode(1, 0, false).length : 0)
  const big = settings.bigtiff || classicEnd > (settings.classicLimit ?? CLASSIC_LIMIT)
  let position = first
  for (let page = 0; page < pages; page += DIRECTORIES_AT_ONCE) {
    const directories: Buffer[] = []
    let offset = position
    for (let next = page; next < Math.min(pages, page + DIRECTORIES_AT_ONCE); next++) {
      const directory = encode(next, offset, big)
      directories.push(directory)
      offset += directory.length
    }
    await writeAll(handle, Buffer.concat(directories), position)
    position = offset
  }
  await writeAll(handle, encodeHeader(first, big), 0)
}

const COMPRESSION_NUMBERS: Readonly<Record<WrittenCompression, number>> = { '': 1, zlib: 8, packints: 32773 }
const SAMPLE_FORMATS = { bool: 1, unsigned: 1, signed: 2, float: 3 } as const
const BLACK_IS_ZERO = 1
const NO_UNIT = 1

function fieldsOf(
  chunk: Chunk,
  page: number,
  {
    rowsPerStrip,
    stripsPerPage,
    strips,
    settings: { dtype, compression },
    big,
  }: {
    rowsPerStrip: number
    stripsPerPage: number
    strips: Strips
    settings: WriteSettings
    big: boolean
  },
): FieldValue[] {
  const [height, width] = chunk.shape.slice(-2) as [number, number]
  const [first, end] = [page * stripsPerPage, (page + 1) * stripsPerPage]
  const offsetType = big ? 'long8' : 'long'
  return [
    { tag: 256, type: 'long', values: [width] },
    { tag: 257, type: 'long', values: [height] },
    { tag: 258, type: 'short', values: [bytesPerElement(dtype) * 8] },
    { tag: 259, type: 'short', values: [COMPRESSION_NUMBERS[compression]] },
    { tag: 262, type: 'short', values: [BLACK_IS_ZERO] },
    ...(page === 0 ? descriptionsOf(chunk) : []).map((values) => ({
      tag: 270,
      type: 'ascii' as const,
      values,
    })),
    { tag: 273, type: offsetType, values: strips.offsets.slice(first, end) },
    { tag: 277, type: 'short', values: [1] },
    { tag: 278, type: 'long', values: [rowsPerStrip] },
    { tag: 279, type: offsetType, values: strips.byteCounts.slice(first, end) },
    { tag: 282, type: 'rational', values: inverse(chunk.voxelSize?.[2] ?? 1) },
    { tag: 283, type: 'rational', values: inverse(chunk.voxelSize?.[1] ?? 1) },
    { tag: 296, type: 'short', values: [NO_UNIT] },
    { tag: 339, type: 'short', values: [SAMPLE_FORMATS[DTYPES[dtype].kind]] },
  ]
}

/** Pixels per nanometre as a fraction of 32-bit integers. */
function inverse(voxelSizeNm: number): readonly [number, number] {
  if (Number.isInteger(voxelSizeNm) && voxelSizeNm < 2 ** 32) return [1, voxelSizeNm]
  const scale = voxelSizeNm < 4000 ? 1_000_000 : voxelSizeNm < 4_000_000 ? 1000 : 1
  return [scale, Math.min(2 ** 32 - 1, Math.max(1, Math.round(voxelSizeNm * scale)))]
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
