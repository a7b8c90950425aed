import { type Chunk, channelCount, emptyChunk, spatialSize, type TypedArray } from '@chunkflow/sdk'
import { type Border, OUTSIDE, windowIndices } from './border.js'

/** How far a window reaches along an axis. */
export interface Reach {
  readonly before: number
  readonly after: number
}

/** A part of a volume that a sliding window needs, and where its results go. */
export interface WindowPiece {
  /** Sections one after another, each with the same rows. */
  readonly source: TypedArray
  readonly sourceRows: number
  /** Which section of `source` each z position of the windows is; OUTSIDE for zeros. */
  readonly sectionMap: Int32Array
  /** Which row of a section each y position of the windows is; OUTSIDE for zeros. */
  readonly rowMap: Int32Array
  readonly target: TypedArray
  readonly sections: number
  readonly rows: number
}

/** Bytes of a piece's source, about. */
const PIECE_BYTES = 2 ** 23

/**
 * Cuts a volume into pieces for a window that slides over z and y (x is the caller's): whole sections while they are
 * small enough, else rows. Channels are volumes of their own. A source that lies in one stretch is a view, others are copied.
 */
export function* windowPieces(
  chunk: Chunk,
  output: TypedArray,
  reach: { readonly z: Reach; readonly y: Reach },
  border: Border,
  pieceBytes = PIECE_BYTES,
): Generator<WindowPiece> {
  const [depth, height, width] = spatialSize(chunk)
  const plane = height * width
  if (plane * depth === 0) return
  const elements = pieceBytes / chunk.data.BYTES_PER_ELEMENT
  const taps = 1 + reach.z.before + reach.z.after
  const sections = Math.max(1, Math.floor(elements / plane) - taps + 1)
  const wanted = Math.floor(elements / (taps * width)) - reach.y.before - reach.y.after
  const rows = plane * taps <= elements ? height : Math.min(height, Math.max(1, wanted))
  for (let channel = 0; channel < channelCount(chunk); channel++)
    for (let z = 0; z < depth; z += sections)
      for (let y = 0; y < height; y += rows) {
        const endZ = Math.min(depth, z + sections)
        const endY = Math.min(height, y + rows)
        const seenZ = windowIndices(z, endZ, reach.z, depth, border)
        const seenY = windowIndices(y, endY, reach.y, height, border)
        const heldZ = distinct(seenZ)
        const heldY = distinct(seenY)
        const start = (channel * depth + z) * plane + y * width
        yield {
          source: gather(chunk, channel * depth * plane, heldZ, heldY),
          sourceRows: heldY.length,
          sectionMap: positions(seenZ, heldZ),
          rowMap: positions(seenY, heldY),
          target: viewOf(output, start, (endZ - z) * (endY - y) * width),
          sections: endZ - z,
          rows: endY - y,
        }
      }
}

const distinct = (indices: readonly number[]): number[] =>
  [...new Set(indices)].filter((index) => index !== OUTSIDE).sort((left, right) => left - right)

function positions(seen: readonly number[], held: readonly number[]): Int32Array {
  const places = new Map(held.map((index, place) => [index, place]))
  return Int32Array.from(seen, (index) => places.get(index) ?? OUTSIDE)
}

const consecutive = (indices: readonly number[]): boolean =>
  indices.at(-1)! - indices[0]! === indices.length - 1

/** Rows of sections, one after another. */
function gather(
  chunk: Chunk,
  start: number,
  sections: readonly number[],
  rows: readonly number[],
): TypedArray {
  const [, height, width] = spatialSize(chunk)
  const first = (section: number, row: number): number => start + (section * height + row) * width
  const inOneStretch =
    consecutive(rows) && (sections.length === 1 || (consecutive(sections) && rows.length === height))
  const length = sections.length * rows.length * width
  if (inOneStretch) return viewOf(chunk.data, first(sections[0]!, rows[0]!), length)
  const copy = emptyChunk(chunk.dtype, [sections.length, rows.length, width]).data as Uint8Array
  const stretch = consecutive(rows) ? rows.length : 1
  let at = 0
  for (const section of sections)
    for (let row = 0; row < rows.length; row += stretch) {
      copy.set(viewOf(chunk.data, first(section, rows[row]!), stretch * width) as Uint8Array, at)
      at += stretch * width
    }
  return copy
}

const viewOf = (data: TypedArray, start: number, length: number): TypedArray =>
  (data as Uint8Array).subarray(start, start + length)
