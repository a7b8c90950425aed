import type { Sharding } from '@chunkflow/sdk'
import { compress, corrupt, decompress } from '../compression.js'
import { placeOf } from './sharding.js'

/** Bytes of a minishard's entry in the index at the start of a shard: where its own index begins and ends. */
export const ENTRY_BYTES = 16
/** Words of 64 bits that describe one chunk. */
const FIELDS = 3

export const indexBytes = ({ minishardBits }: Sharding): number => ENTRY_BYTES * 2 ** minishardBits

/** Little-endian words of bytes that may lie anywhere. */
export function wordsOf(bytes: Uint8Array): BigUint64Array {
  const words = new BigUint64Array(bytes.length >>> 3)
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength))
  return words
}

/**
 * Undoes a minishard index. The result has all ids, then all starts, then all ends; starts and ends count from the start
 * of the file.
 * @throws block-corrupt
 */
export async function decodeMinishardIndex(
  stored: Uint8Array,
  sharding: Sharding,
  where: string,
): Promise<BigUint64Array> {
  const isPacked = sharding.minishardIndexEncoding === 'gzip'
  const bytes = isPacked ? await decompress(stored, 'gzip', 64 * stored.length, where) : stored
  if (bytes.length % (8 * FIELDS) !== 0)
    throw corrupt(`A minishard index has ${bytes.length} bytes, no multiple of ${8 * FIELDS}`, where)
  const words = wordsOf(bytes)
  const count = words.length / FIELDS
  let id = 0n
  let end = BigInt(indexBytes(sharding))
  for (let index = 0; index < count; index++) {
    id = BigInt.asUintN(64, id + words[index]!)
    const start = end + words[count + index]!
    end = start + words[2 * count + index]!
    if (end > BigInt(Number.MAX_SAFE_INTEGER))
      throw corrupt(`A minishard index points to byte ${end} of its shard`, where)
    words[index] = id
    words[count + index] = start
    words[2 * count + index] = end
  }
  return words
}

/** Where a chunk lies in its file; null when the minishard does not have it. */
export function findChunk(index: BigUint64Array, id: bigint): { start: number; length: number } | null {
  const count = index.length / FIELDS
  const at = index.subarray(0, count).indexOf(id)
  if (at < 0) return null
  const start = Number(index[count + at])
  return { start, length: Number(index[2 * count + at]) - start }
}

/** A chunk of a shard, compressed as the sharding says. */
export interface ShardChunk {
  readonly id: bigint
  readonly bytes: Uint8Array
}

/**
 * The bytes of a shard: index of minishards, chunks by minishard and id, indices of the minishards that have chunks. The
 * same chunks give the same bytes, whatever their order.
 */
export async function printShard(sharding: Sharding, chunks: readonly ShardChunk[]): Promise<Uint8Array> {
  const minishards = new Map<number, ShardChunk[]>()
  for (const chunk of chunks) {
    const { minishard } = placeOf(sharding, chunk.id)
    const members = minishards.get(minishard) ?? []
    members.push(chunk)
    minishards.set(minishard, members)
  }
  const ordered = [...minishards].sort(([left], [right]) => left - right)
  for (const [, members] of ordered)
    members.sort((left, right) => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0))
  // offsets count from the end of the first index
  let offset = 0
  const indices: { minishard: number; bytes: Uint8Array }[] = []
  for (const [minishard, members] of ordered) {
    const words = new BigUint64Array(FIELDS * members.length)
    let previous = 0n
    members.forEach(({ id, bytes }, index) => {
      words[index] = id - previous
      previous = id
      // chunks follow each other without gaps
      words[members.length + index] = index === 0 ? BigInt(offset) : 0n
      words[2 * members.length + index] = BigInt(bytes.length)
    })
    offset += members.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const method = sharding.minishardIndexEncoding === 'gzip' ? 'gzip' : 'none'
    indices.push({ minishard, bytes: await compress(new Uint8Array(words.buffer), { method }) })
  }
  const first = indexBytes(sharding)
  const file = new Uint8Array(first + offset + indices.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let position = first
  for (const [, members] of ordered)
    for (const { bytes } of members) {
      file.set(bytes, position)
      position += bytes.length
    }
  const entries = new DataView(file.buffer, 0, first)
  for (const { minishard, bytes } of indices) {
    file.set(bytes, position)
    entries.setBigUint64(minishard * ENTRY_BYTES, BigInt(position - first), true)
    position += bytes.length
    entries.setBigUint64(minishard * ENTRY_BYTES + 8, BigInt(position - first), true)
  }
  return file
}
