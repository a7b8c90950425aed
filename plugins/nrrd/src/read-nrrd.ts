import { allocate, type TypedArray } from '@chunkflow/sdk'
import { permuteAxes } from '@chunkflow/sdk/numerics'
import { type ArrayRegion, readArrayRegion, readUpTo } from '@chunkflow/sdk/storage'
import { type AxisName, type AxisOrder, type ChunkAxes, chunkAxes } from './axes.js'
import { joinSources, openFile } from './byte-sources.js'
import { dataFilesOf } from './data-files.js'
import { type NrrdHeader, parseHeader } from './header.js'

/** A header, and where the data begin if they follow it. */
export interface FoundHeader {
  readonly header: NrrdHeader
  readonly end: number
}

const PIECE_BYTES = 64 * 1024
/** Headers are short; a file without an empty line is none. Lists of data files may be long. */
const LONGEST_HEADER = 64 * 2 ** 20

/** Reads the header of a file. @throws nrrd-missing, nrrd-unreadable */
export async function readHeader(file: string): Promise<FoundHeader> {
  const handle = await openFile(file)
  try {
    const pieces: Buffer[] = []
    for (let length = 0; length < LONGEST_HEADER; ) {
      // twice as much every time: a long header is not joined and searched piece by piece
      const piece = Buffer.alloc(Math.max(PIECE_BYTES, length))
      const got = await readUpTo(handle, piece, length)
      pieces.push(piece.subarray(0, got))
      length += got
      const text = Buffer.concat(pieces)
      // nothing else begins so; a large file of another kind is not searched
      if (!text.subarray(0, 4).equals(Buffer.from('NRRD'))) return { header: parseHeader([''], file), end: 0 }
      const found = headerEnd(text)
      if (found !== undefined || got < piece.length) {
        const { stop, end } = found ?? { stop: text.length, end: text.length }
        const lines = text.subarray(0, stop).toString('utf8').split(/\r?\n/)
        return {
          header: parseHeader(
            lines.filter((line) => line !== ''),
            file,
          ),
          end,
        }
      }
    }
    return { header: parseHeader([''], file), end: 0 }
  } finally {
    await handle.close()
  }
}

/** The first empty line: where the text before it stops, and where the line ends. */
function headerEnd(text: Buffer): { stop: number; end: number } | undefined {
  const [unix, windows] = [text.indexOf('\n\n'), text.indexOf('\n\r\n')]
  if (unix < 0 && windows < 0) return undefined
  return windows < 0 || (unix >= 0 && unix < windows)
    ? { stop: unix, end: unix + 2 }
    : { stop: windows, end: windows + 3 }
}

export interface ReadNrrdOptions {
  /** Of the axes, when the file does not name them. */
  readonly axisOrder?: AxisOrder | undefined
  /** From the shape (c)zyx to the part to read, in the same order; everything unless given. */
  readonly choose?: ((shape: readonly number[], found: NrrdArray) => ArrayRegion) | undefined
  readonly signal?: AbortSignal | undefined
  /** Is told the number of elements to read, before reading. */
  readonly start?: ((elements: number) => void) | undefined
  readonly advance?: ((elements: number) => void) | undefined
}

/** A file whose header was read. */
export interface NrrdArray extends ChunkAxes {
  readonly header: NrrdHeader
}

/** @throws nrrd-missing, nrrd-unreadable, nrrd-options */
export async function describeNrrd(file: string, order?: AxisOrder): Promise<NrrdArray> {
  const { header } = await readHeader(file)
  return { header, ...chunkAxes(header, file, order) }
}

/**
 * Reads an array, or a part of it. Raw files are read where the part lies; the others from the beginning to its end, without
 * more memory than the part.
 * @throws nrrd-missing, nrrd-unreadable, nrrd-options
 */
export async function readNrrd(
  file: string,
  { axisOrder, choose, signal, start, advance }: ReadNrrdOptions = {},
): Promise<{ readonly array: NrrdArray; readonly shape: readonly number[]; readonly data: TypedArray }> {
  const { header, end } = await readHeader(file)
  const axes = chunkAxes(header, file, axisOrder)
  const array = { header, ...axes }
  const region = choose?.(axes.shape, array) ?? { start: axes.shape.map(() => 0), count: axes.shape }
  const elements = region.count.reduce((left, right) => left * right, 1)
  start?.(elements)
  const files = await dataFilesOf(header, file, end)
  const all = header.sizes.reduce((left, right) => left * right, 1)
  const source = joinSources(files, header, all)
  try {
    // a header that lies about the size of its file is found out before memory is taken
    await source.open()
    const data = allocate(header.dtype, elements)
    // slowest axis first
    const names = axes.names.toReversed()
    const shapeNames: AxisName[] = axes.shape.length === 4 ? ['c', 'z', 'y', 'x'] : ['z', 'y', 'x']
    const inFile = (values: readonly number[]): number[] =>
      names.map((name) => values[shapeNames.indexOf(name)]!)
    const count = inFile(region.count)
    if (elements > 0)
      await readArrayRegion(
        source.fill,
        {
          sizes: header.sizes.toReversed(),
          dtype: header.dtype,
          // text is decoded to the order of this machine
          bigEndian: header.bigEndian,
          dataStart: 0,
        },
        { start: inFile(region.start), count },
        data,
        { signal, ...(advance === undefined ? {} : { advance }) },
      )
    const order = shapeNames.filter((name) => names.includes(name)).map((name) => names.indexOf(name))
    return {
      array,
      shape: region.count,
      data: await permuteAxes(data, header.dtype, count, order, signal),
    }
  } finally {
    await source.close()
  }
}
