import { crc32c } from '../crc32c.js'
import type { ShardLayout } from './layout.js'

/** Where a chunk lies in its shard. */
export interface ShardPlace {
  readonly start: number
  readonly length: number
}

const ENTRY_BYTES = 16
const CHECKSUM_BYTES = 4
/** Stands for start and length of a chunk that is not stored. */
const ABSENT = 2n ** 64n - 1n

/** The places of all chunks of a shard, in C order. */
export interface ShardIndex {
  readonly bytes: number
  /** Null for a chunk that is not stored. */
  place(entry: number): ShardPlace | null
}

export const entriesOf = ({ chunksPerShard }: ShardLayout): number =>
  chunksPerShard.reduce((product, size) => product * size, 1)

/** Bytes of an encoded index. */
export const indexBytesOf = (layout: ShardLayout): number =>
  entriesOf(layout) * ENTRY_BYTES + (layout.hasChecksum ? CHECKSUM_BYTES : 0)

/** Which entry of the index a chunk has, by its place in the grid of the array. */
export const entryOf = ({ chunksPerShard }: ShardLayout, index: readonly number[]): number =>
  index.reduce((sum, at, axis) => sum * chunksPerShard[axis]! + (at % chunksPerShard[axis]!), 0)

/**
 * Reads an index: pairs of little-endian 64-bit numbers, start and length.
 * @throws RangeError when it is cut short or its checksum is wrong
 */
export function parseShardIndex(stored: Uint8Array, layout: ShardLayout): ShardIndex {
  if (stored.length < indexBytesOf(layout)) throw new RangeError('the shard is shorter than its index')
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  const length = entriesOf(layout) * ENTRY_BYTES
  if (layout.hasChecksum && view.getUint32(length, true) !== crc32c(stored.subarray(0, length)))
    throw new RangeError('the checksum of its index is wrong')
  return {
    bytes: stored.length,
    place: (entry) => {
      const start = view.getBigUint64(entry * ENTRY_BYTES, true)
      const size = view.getBigUint64(entry * ENTRY_BYTES + 8, true)
      return start === ABSENT && size === ABSENT ? null : { start: Number(start), length: Number(size) }
    },
  }
}

/** The bytes of every chunk of a shard, null where none are. @throws RangeError for a damaged shard */
export function splitShard(shard: Uint8Array, layout: ShardLayout): (Uint8Array | null)[] {
  const bytes = indexBytesOf(layout)
  const index = parseShardIndex(
    layout.indexAtEnd ? shard.subarray(Math.max(0, shard.length - bytes)) : shard.subarray(0, bytes),
    layout,
  )
  return Array.from({ length: entriesOf(layout) }, (_, entry) => {
    const place = index.place(entry)
    if (place === null) return null
    if (place.start + place.length > shard.length)
      throw new RangeError('a chunk lies beyond the end of the shard')
    return shard.slice(place.start, place.start + place.length)
  })
}

/** A shard of chunks in C order, null for those that are not stored; null when none is. */
export function joinShard(chunks: readonly (Uint8Array | null)[], layout: ShardLayout): Uint8Array | null {
  if (chunks.every((chunk) => chunk === null)) return null
  const indexBytes = indexBytesOf(layout)
  const content = chunks.reduce((sum, chunk) => sum + (chunk?.length ?? 0), 0)
  const shard = new Uint8Array(content + indexBytes)
  const indexStart = layout.indexAtEnd ? content : 0
  const index = new DataView(shard.buffer, indexStart, indexBytes)
  let position = layout.indexAtEnd ? 0 : indexBytes
  for (const [entry, chunk] of chunks.entries()) {
    index.setBigUint64(entry * ENTRY_BYTES, chunk === null ? ABSENT : BigInt(position), true)
    index.setBigUint64(entry * ENTRY_BYTES + 8, chunk === null ? ABSENT : BigInt(chunk.length), true)
    if (chunk === null) continue
    shard.set(chunk, position)
    position += chunk.length
  }
  const length = entriesOf(layout) * ENTRY_BYTES
  if (layout.hasChecksum)
    index.setUint32(length, crc32c(shard.subarray(indexStart, indexStart + length)), true)
  return shard
}
