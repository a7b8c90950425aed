import { chunkflowError, type Dtype } from '@chunkflow/sdk'
import { type TiffFile, unreadable } from './tiff-file.js'

/** What one image file directory says about its image. */
export interface Page {
  readonly width: number
  readonly height: number
  readonly dtype: Dtype
  /** Bits of one sample as stored; `dtype` may be wider. */
  readonly bits: number
  /** Samples of one pixel. */
  readonly samples: number
  /** Samples lie in blocks of their own instead of side by side. */
  readonly planar: boolean
  readonly compression: number
  /** 1 none, 2 horizontal differences, 3 floating point. */
  readonly predictor: number
  readonly tiled: boolean
  /** Of a tile or strip; a strip is as wide as the page. */
  readonly blockWidth: number
  readonly blockHeight: number
  readonly offsets: readonly number[]
  readonly byteCounts: readonly number[]
  /** A thumbnail or level of a pyramid. */
  readonly reduced: boolean
  readonly descriptions: readonly string[]
  readonly jpegTables: Uint8Array | undefined
}

const TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  fillOrder: 266,
  imageDescription: 270,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  sampleFormat: 339,
  jpegTables: 347,
} as const
const WANTED = new Set<number>(Object.values(TAG))

/** Bytes of the field types 1 to 18 of TIFF 6.0 and BigTIFF. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]
const ASCII = 2
const BYTES = [1, 2, 7]

interface Field {
  readonly tag: number
  readonly type: number
  readonly count: number
  readonly content: Buffer
}

/**
 * All pages of a file, in order; no voxels are read. A reader of our own because the library's reads missing bytes as zeros,
 * takes block offsets of big-endian files in the wrong byte order, and never ends on a circular list.
 * @throws tiff-unreadable, tiff-unsupported
 */
export async function readPages(file: TiffFile): Promise<Page[]> {
  const pages: Page[] = []
  const seen = new Set<number>()
  for (let offset = file.firstDirectory; offset !== 0; ) {
    if (seen.has(offset)) throw unreadable(file.path, 'its list of pages runs in a circle')
    seen.add(offset)
    const { fields, next } = await readDirectory(file, offset)
    pages.push(describePage(file, fields, pages.length))
    offset = next
  }
  if (pages.length === 0) throw unreadable(file.path, 'it has no pages')
  return pages
}

async function readDirectory(file: TiffFile, offset: number): Promise<{ fields: Field[]; next: number }> {
  const { big } = file
  const entryBytes = big ? 20 : 12
  const headBytes = big ? 8 : 2
  const count = unsigned(file, await file.peek(offset, headBytes), 0, headBytes)
  if (count === 0 || count > 4096)
    throw unreadable(file.path, `it is damaged: a page has ${count} fields (byte ${offset})`)
  const table = await file.peek(offset + headBytes, count * entryBytes + (big ? 8 : 4))
  const fields: Field[] = []
  for (let index = 0; index < count; index++) {
    const start = index * entryBytes
    const tag = unsigned(file, table, start, 2)
    if (!WANTED.has(tag)) continue
    const type = unsigned(file, table, start + 2, 2)
    const values = unsigned(file, table, start + 4, big ? 8 : 4)
    const length = (TYPE_BYTES[type] ?? 0) * values
    const at = start + (big ? 12 : 8)
    const inline = length <= (big ? 8 : 4)
    const content = inline
      ? table.subarray(at, at + length)
      : await file.read(unsigned(file, table, at, big ? 8 : 4), length)
    fields.push({ tag, type, count: values, content })
  }
  return { fields, next: unsigned(file, table, count * entryBytes, big ? 8 : 4) }
}

function unsigned(file: TiffFile, from: Buffer, offset: number, bytes: number): number {
  if (bytes === 8)
    return Number(file.littleEndian ? from.readBigUInt64LE(offset) : from.readBigUInt64BE(offset))
  return file.littleEndian ? from.readUIntLE(offset, bytes) : from.readUIntBE(offset, bytes)
}

function describePage(file: TiffFile, fields: readonly Field[], index: number): Page {
  const place = `page ${index + 1} of ${file.path}`
  const numbers = (tag: number): number[] | undefined => {
    const field = fields.find((candidate) => candidate.tag === tag)
    const bytes = field === undefined ? 0 : (TYPE_BYTES[field.type] ?? 0)
    if (field === undefined || bytes === 0) return undefined
    return Array.from({ length: field.count }, (_, item) =>
      unsigned(file, field.content, item * bytes, bytes),
    )
  }
  const number = (tag: number, fallback: number): number => numbers(tag)?.[0] ?? fallback
  const width = number(TAG.imageWidth, 0)
  const height = number(TAG.imageLength, 0)
  if (width < 1 || height < 1) throw unreadable(file.path, `page ${index + 1} has no size`)
  const samples = number(TAG.samplesPerPixel, 1)
  const bits = common(numbers(TAG.bitsPerSample) ?? [1], 'bit depths', place)
  const format = common(numbers(TAG.sampleFormat) ?? [1], 'sample formats', place)
  if (number(TAG.fillOrder, 1) !== 1) throw unsupported(place, 'stores bits in reversed order (FillOrder 2)')
  const tiled = numbers(TAG.tileOffsets) !== undefined
  const rowsPerStrip = number(TAG.rowsPerStrip, height) || height
  const layout = {
    width,
    height,
    bits,
    samples,
    planar: number(TAG.planarConfiguration, 1) === 2,
    compression: number(TAG.compression, 1),
    tiled,
    blockWidth: tiled ? number(TAG.tileWidth, 0) : width,
    blockHeight: tiled ? number(TAG.tileLength, 0) : Math.min(rowsPerStrip, height),
  }
  if (layout.blockWidth < 1 || layout.blockHeight < 1)
    throw unreadable(file.path, `page ${index + 1} has tiles without size`)
  const offsets = numbers(tiled ? TAG.tileOffsets : TAG.stripOffsets) ?? []
  const byteCounts = numbers(tiled ? TAG.tileByteCounts : TAG.stripByteCounts)
  const blocks = blockCount(layout)
  if (offsets.length < blocks || (byteCounts !== undefined && byteCounts.length < blocks))
    throw unreadable(file.path, `page ${index + 1} lists ${offsets.length} of its ${blocks} blocks`)
  return {
    ...layout,
    dtype: sampleDtype(bits, format, place),
    predictor: number(TAG.predictor, 1),
    offsets,
    byteCounts: byteCounts ?? offsets.map((_, block) => blockBytes(layout, block)),
    reduced: (number(TAG.newSubfileType, 0) & 1) === 1,
    descriptions: fields
      .filter(({ tag, type }) => tag === TAG.imageDescription && BYTES.includes(type))
      .map(({ content, type }) => text(content, type)),
    jpegTables: fields.find(({ tag }) => tag === TAG.jpegTables)?.content,
  }
}

const text = (content: Buffer, type: number): string =>
  content.toString(type === ASCII ? 'utf8' : 'latin1').replace(/\0+$/, '')

type BlockLayout = Pick<
  Page,
  'width' | 'height' | 'bits' | 'samples' | 'planar' | 'tiled' | 'blockWidth' | 'blockHeight'
>

/** Blocks of one sample plane, or of all samples when they lie side by side. */
export const blocksPerPlane = (page: BlockLayout): number =>
  Math.ceil(page.width / page.blockWidth) * Math.ceil(page.height / page.blockHeight)
const blockCount = (page: BlockLayout): number => blocksPerPlane(page) * (page.planar ? page.samples : 1)

/** Rows that a block holds: the last strip ends with the page, tiles are padded. */
export function blockRows(page: BlockLayout, block: number): number {
  if (page.tiled) return page.blockHeight
  const first = (block % blocksPerPlane(page)) * page.blockHeight
  return Math.min(page.blockHeight, page.height - first)
}
/** Uncompressed bytes of one row of a block; rows begin at whole bytes. */
export const blockRowBytes = (page: BlockLayout): number =>
  Math.ceil((page.blockWidth * (page.planar ? 1 : page.samples) * page.bits) / 8)
export const blockBytes = (page: BlockLayout, block: number): number =>
  blockRows(page, block) * blockRowBytes(page)

function common(values: readonly number[], what: string, place: string): number {
  if (values.some((value) => value !== values[0]))
    throw unsupported(place, `mixes ${what} ${values.join(', ')}`)
  return values[0] ?? 1
}

export const unsupported = (place: string, what: string): Error =>
  chunkflowError('tiff-unsupported', `${place} ${what}, which is not supported`, {
    fix: 'convert the file, for instance with: tiffcp -c zip in.tif out.tif',
  })

/** Element type of a sample. Bit depths between the usual ones take the next wider unsigned type. */
function sampleDtype(bits: number, format: number, place: string): Dtype {
  const exact = bits === 8 || bits === 16 || bits === 32 || bits === 64
  if ((format === 1 || format === 4) && exact) return `uint${bits}` as Dtype
  if (format === 1 && bits === 1) return 'bool'
  if (format === 1 && bits > 1 && bits < 16) return bits < 8 ? 'uint8' : 'uint16'
  if (format === 2 && exact) return `int${bits}` as Dtype
  if (format === 3 && exact && bits > 8) return `float${bits}` as Dtype
  const kind = { 1: 'unsigned', 2: 'signed', 3: 'floating', 5: 'complex', 6: 'complex' }[format] ?? 'unknown'
  throw unsupported(place, `has ${kind} samples of ${bits} bits`)
}
