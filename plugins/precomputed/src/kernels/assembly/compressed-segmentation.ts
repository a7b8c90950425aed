/**
 * Neuroglancer's compressed_segmentation, 32 and 64 bit, any block size, any number of channels.
 * https://github.com/google/neuroglancer/blob/master/src/sliceview/compressed_segmentation/README.md
 *
 * A file is little-endian 32-bit words: per channel the word where its data begin; there two header words per block
 * (table offset in 24 bits and bits per voxel in 8; offset of the encoded voxels), then encoded voxels and value tables,
 * all offsets counted in words from the channel's start. Equal tables are stored once.
 */

import { hashOf, slotOf } from './parts/hash'
import { quotient } from './parts/quotient'

const PAGE: usize = 65536
/** Table offsets have 24 bits. */
const LARGEST_TABLE_OFFSET: u32 = (1 << 24) - 1

/** A table lies beyond what its header can address. */
const TOO_LARGE: u32 = 0xffffffff

const CORRUPT_CHANNEL: u32 = 1
const CORRUPT_HEADER: u32 = 2
const CORRUPT_VALUES: u32 = 3
const CORRUPT_TABLE: u32 = 4

/** Where the last encode call left its words. */
let encoded: usize = 0

let ids: usize = 0
let values: usize = 0
let sorted: usize = 0
let sortedIds: usize = 0
let ranks: usize = 0
let slots: usize = 0
let slotBits: u32 = 0
let stamp: u32 = 0
let tables: usize = 0
let tableMask: u32 = 0
/** Next free word of the output, counted from `encoded`. */
let length: u32 = 0

function reserve(end: usize): void {
  const missing = <i32>((end + PAGE - 1) / PAGE) - memory.size()
  if (missing > 0) memory.grow(max(missing, 64))
}

function powerOfTwoAbove(value: u32): u32 {
  return <u32>1 << (32 - clz<u32>(value))
}

/** Lays out scratch memory for one call. */
function prepare<T>(heap: usize, blockVoxels: u32, blocks: u32): void {
  const slotCount = powerOfTwoAbove(blockVoxels * 2)
  const tableCount = powerOfTwoAbove(blocks * 2)
  slotBits = ctz<u32>(slotCount)
  tableMask = tableCount - 1
  ids = heap
  values = ids + ((<usize>blockVoxels * 4 + 15) & ~15)
  sorted = values + ((<usize>blockVoxels * sizeof<T>() + 15) & ~15)
  sortedIds = sorted + ((<usize>blockVoxels * sizeof<T>() + 15) & ~15)
  ranks = sortedIds + ((<usize>blockVoxels * 4 + 15) & ~15)
  slots = ranks + ((<usize>(blockVoxels + 1) * 4 + 15) & ~15)
  tables = slots + (<usize>slotCount << 3)
  encoded = tables + (<usize>tableCount << 3)
  reserve(encoded + PAGE)
  memory.fill(slots, 0, <usize>slotCount << 3)
  stamp = 0
}

/** Number of the value within its block, from 1 in order of appearance. */
function idOf<T>(value: T, count: u32): u32 {
  const mask = ((<u32>1) << slotBits) - 1
  let slot = slotOf<T>(value, slotBits) & mask
  while (true) {
    const address = slots + ((<usize>slot) << 3)
    if (load<u32>(address) != stamp) {
      store<u32>(address, stamp)
      store<u32>(address, count + 1, 4)
      store<T>(values + (<usize>count) * sizeof<T>(), value)
      return count + 1
    }
    const id = load<u32>(address, 4)
    if (load<T>(values + (<usize>(id - 1)) * sizeof<T>()) == value) return id
    slot = (slot + 1) & mask
  }
}

/** Sorts the block's values; `ranks[id]` becomes the place of value `id`. Rank 0 for id 0: the padding. */
function rankValues<T>(count: u32): void {
  memory.copy(sorted, values, (<usize>count) * sizeof<T>())
  for (let index: u32 = 0; index < count; index++) store<u32>(sortedIds + ((<usize>index) << 2), index + 1)
  let gap: u32 = 1
  while (gap < quotient(count, 3)) gap = gap * 3 + 1
  for (; gap > 0; gap = quotient(gap, 3))
    for (let index = gap; index < count; index++) {
      const value = load<T>(sorted + (<usize>index) * sizeof<T>())
      const id = load<u32>(sortedIds + ((<usize>index) << 2))
      let at = index
      while (at >= gap && load<T>(sorted + (<usize>(at - gap)) * sizeof<T>()) > value) {
        store<T>(sorted + (<usize>at) * sizeof<T>(), load<T>(sorted + (<usize>(at - gap)) * sizeof<T>()))
        store<u32>(sortedIds + ((<usize>at) << 2), load<u32>(sortedIds + ((<usize>(at - gap)) << 2)))
        at -= gap
      }
      store<T>(sorted + (<usize>at) * sizeof<T>(), value)
      store<u32>(sortedIds + ((<usize>at) << 2), id)
    }
  store<u32>(ranks, 0)
  for (let index: u32 = 0; index < count; index++)
    store<u32>(ranks + ((<usize>load<u32>(sortedIds + ((<usize>index) << 2))) << 2), index)
}

/** Word offset, from the channel's start, of a stored table with the sorted values; stores it if it is new. */
function placeTable<T>(count: u32, channelStart: u32): u32 {
  const bytes = (<usize>count) * sizeof<T>()
  const hash = hashOf<T>(sorted, count)
  let slot = (hash ^ (hash >> 15)) & tableMask
  while (true) {
    const address = tables + ((<usize>slot) << 3)
    const present = load<u32>(address, 4)
    if (present == 0) {
      const offset = length - channelStart
      store<u32>(address, offset)
      store<u32>(address, count, 4)
      memory.copy(encoded + ((<usize>length) << 2), sorted, bytes)
      length += <u32>(bytes >> 2)
      return offset
    }
    const offset = load<u32>(address)
    if (
      present == count &&
      memory.compare(encoded + ((<usize>(channelStart + offset)) << 2), sorted, bytes) == 0
    )
      return offset
    slot = (slot + 1) & tableMask
  }
}

/** True when all voxels of the region have the value of its first one. */
function isUniform<T>(source: usize, rowBytes: usize, planeBytes: usize, nz: u32, ny: u32, nx: u32): bool {
  const first = load<T>(source)
  const bytes = (<usize>nx) * sizeof<T>()
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const row = source + (<usize>z) * planeBytes + (<usize>y) * rowBytes
      let at: usize = 0
      if (ASC_FEATURE_SIMD) {
        const pattern: v128 = sizeof<T>() == 8 ? i64x2.splat(<i64>first) : i32x4.splat(<i32>first)
        for (const wide = bytes & ~15; at < wide; at += 16)
          if (v128.any_true(v128.xor(v128.load(row + at), pattern))) return false
      }
      for (; at < bytes; at += sizeof<T>()) if (load<T>(row + at) != first) return false
    }
  return true
}

/** Numbers the voxels of a region; returns how many values there are. */
function numberVoxels<T>(
  source: usize, rowBytes: usize, planeBytes: usize,
  nz: u32, ny: u32, nx: u32, by: u32, bx: u32,
): u32 {
  stamp += 1
  let count: u32 = 0
  let previous = load<T>(source)
  let id = idOf<T>(previous, 0)
  count = 1
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const row = source + (<usize>z) * planeBytes + (<usize>y) * rowBytes
      let target = ids + ((<usize>((z * by + y) * bx)) << 2)
      for (let x: u32 = 0; x < nx; x++, target += 4) {
        const value = load<T>(row + (<usize>x) * sizeof<T>())
        if (value != previous) {
          previous = value
          id = idOf<T>(value, count)
          if (id > count) count = id
        }
        store<u32>(target, id)
      }
    }
  return count
}

function bitsFor(count: u32): u32 {
  if (count == 1) return 0
  let bits: u32 = 1
  while (bits < 32 && ((<u32>1) << bits) < count) bits *= 2
  return bits
}

/** Packs the ranks of all voxels of a block, first voxel in the lowest bits. */
function packRanks(blockVoxels: u32, bits: u32): void {
  let target = encoded + ((<usize>length) << 2)
  let word: u32 = 0
  let shift: u32 = 0
  for (let index: u32 = 0; index < blockVoxels; index++) {
    word |= load<u32>(ranks + ((<usize>load<u32>(ids + ((<usize>index) << 2))) << 2)) << shift
    shift += bits
    if (shift == 32) {
      store<u32>(target, word)
      target += 4
      word = 0
      shift = 0
    }
  }
  if (shift > 0) store<u32>(target, word)
  length += <u32>((<u64>blockVoxels * bits + 31) >> 5)
}

function encode<T>(
  source: usize, channels: u32, nz: u32, ny: u32, nx: u32,
  bz: u32, by: u32, bx: u32, heap: usize,
): u32 {
  const gridZ = quotient(nz + bz - 1, bz)
  const gridY = quotient(ny + by - 1, by)
  const gridX = quotient(nx + bx - 1, bx)
  const blocks = gridZ * gridY * gridX
  const blockVoxels = bz * by * bx
  const rowBytes = (<usize>nx) * sizeof<T>()
  const planeBytes = (<usize>ny) * rowBytes
  prepare<T>(heap, blockVoxels, blocks)
  length = channels
  for (let channel: u32 = 0; channel < channels; channel++) {
    const start = length
    length += blocks * 2
    reserve(encoded + ((<usize>length) << 2) + PAGE)
    store<u32>(encoded + ((<usize>channel) << 2), start)
    memory.fill(tables, 0, (<usize>(tableMask + 1)) << 3)
    const channelSource = source + (<usize>channel) * (<usize>nz) * planeBytes
    let header = encoded + ((<usize>start) << 2)
    for (let z: u32 = 0; z < nz; z += bz)
      for (let y: u32 = 0; y < ny; y += by)
        for (let x: u32 = 0; x < nx; x += bx, header += 8) {
          reserve(encoded + ((<usize>length) << 2) + (<usize>blockVoxels) * (4 + sizeof<T>()) + PAGE)
          const corner = channelSource + (<usize>z) * planeBytes + (<usize>y) * rowBytes + (<usize>x) * sizeof<T>()
          const sz = min(bz, nz - z)
          const sy = min(by, ny - y)
          const sx = min(bx, nx - x)
          const encodedAt = length - start
          let bits: u32 = 0
          let count: u32 = 1
          if (isUniform<T>(corner, rowBytes, planeBytes, sz, sy, sx)) store<T>(sorted, load<T>(corner))
          else {
            if (sz < bz || sy < by || sx < bx) memory.fill(ids, 0, (<usize>blockVoxels) << 2)
            count = numberVoxels<T>(corner, rowBytes, planeBytes, sz, sy, sx, by, bx)
            rankValues<T>(count)
            bits = bitsFor(count)
            packRanks(blockVoxels, bits)
          }
          const table = placeTable<T>(count, start)
          if (table > LARGEST_TABLE_OFFSET) return TOO_LARGE
          store<u32>(header, table | (bits << 24))
          store<u32>(header, encodedAt, 4)
        }
  }
  return length
}

/** @returns words of the result, which {@link take} then copies out; 2^32 - 1 when the block cannot be encoded */
export function encode32(
  source: usize, channels: u32, nz: u32, ny: u32, nx: u32, bz: u32, by: u32, bx: u32, heap: usize,
): u32 {
  return encode<u32>(source, channels, nz, ny, nx, bz, by, bx, heap)
}

export function encode64(
  source: usize, channels: u32, nz: u32, ny: u32, nx: u32, bz: u32, by: u32, bx: u32, heap: usize,
): u32 {
  return encode<u64>(source, channels, nz, ny, nx, bz, by, bx, heap)
}

/** Copies the words of the last encode call. Target and source may overlap. */
export function take(target: usize, bytes: u32): void {
  memory.copy(target, encoded, bytes)
}

function fillRow<T>(target: usize, value: T, count: u32): void {
  const bytes = (<usize>count) * sizeof<T>()
  const wide = bytes & ~15
  const pattern: v128 = sizeof<T>() == 8 ? i64x2.splat(<i64>value) : i32x4.splat(<i32>value)
  for (let at: usize = 0; at < wide; at += 16) v128.store(target + at, pattern)
  for (let at = wide; at < bytes; at += sizeof<T>()) store<T>(target + at, value)
}

/** A row of indices of `bits` bits each, looked up in a table that is known to be long enough. */
function lookUpRow<T>(packed: usize, bit: u32, bits: u32, table: usize, target: usize, count: u32): void {
  const mask = bits == 32 ? <u32>0xffffffff : ((<u32>1) << bits) - 1
  let address = packed + ((<usize>(bit >> 5)) << 2)
  let word = load<u32>(address) >> (bit & 31)
  let left: u32 = 32 - (bit & 31)
  for (let x: u32 = 0; x < count; x++, target += sizeof<T>()) {
    if (left == 0) {
      address += 4
      word = load<u32>(address)
      left = 32
    }
    store<T>(target, load<T>(table + (<usize>(word & mask)) * sizeof<T>()))
    word = bits == 32 ? 0 : word >> bits
    left -= bits
  }
}

/** True when no index of the row reaches beyond the table. */
function rowFits(packed: usize, bit: u32, bits: u32, entries: u32, count: u32): bool {
  const mask = bits == 32 ? <u32>0xffffffff : ((<u32>1) << bits) - 1
  for (let x: u32 = 0; x < count; x++, bit += bits) {
    const word = load<u32>(packed + ((<usize>(bit >> 5)) << 2)) >> (bit & 31)
    if ((word & mask) >= entries) return false
  }
  return true
}

function decode<T>(
  source: usize, words: u32, target: usize, channels: u32, nz: u32, ny: u32, nx: u32, bz: u32, by: u32, bx: u32,
): u32 {
  const gridZ = quotient(nz + bz - 1, bz)
  const gridY = quotient(ny + by - 1, by)
  const gridX = quotient(nx + bx - 1, bx)
  const wordsPerValue = <u32>(sizeof<T>() >> 2)
  const rowBytes = (<usize>nx) * sizeof<T>()
  const planeBytes = (<usize>ny) * rowBytes
  if (words < channels) return CORRUPT_CHANNEL
  for (let channel: u32 = 0; channel < channels; channel++) {
    const start = load<u32>(source + ((<usize>channel) << 2))
    if (<u64>start + (<u64>gridZ * gridY * gridX) * 2 > <u64>words) return CORRUPT_CHANNEL
    const available = words - start
    const data = source + ((<usize>start) << 2)
    let header = data
    const channelTarget = target + (<usize>channel) * (<usize>nz) * planeBytes
    for (let z: u32 = 0; z < nz; z += bz)
      for (let y: u32 = 0; y < ny; y += by)
        for (let x: u32 = 0; x < nx; x += bx, header += 8) {
          const bits = load<u32>(header) >> 24
          const tableAt = load<u32>(header) & LARGEST_TABLE_OFFSET
          const packedAt = load<u32>(header, 4)
          if (bits > 32 || (bits & (bits - 1)) != 0) return CORRUPT_HEADER
          if (tableAt + wordsPerValue > available) return CORRUPT_TABLE
          const table = data + ((<usize>tableAt) << 2)
          const sz = min(bz, nz - z)
          const sy = min(by, ny - y)
          const sx = min(bx, nx - x)
          const corner = channelTarget + (<usize>z) * planeBytes + (<usize>y) * rowBytes + (<usize>x) * sizeof<T>()
          if (bits == 0) {
            const value = load<T>(table)
            for (let dz: u32 = 0; dz < sz; dz++)
              for (let dy: u32 = 0; dy < sy; dy++)
                fillRow<T>(corner + (<usize>dz) * planeBytes + (<usize>dy) * rowBytes, value, sx)
            continue
          }
          const lastVoxel = ((sz - 1) * by + sy - 1) * bx + sx
          if (<u64>packedAt + ((<u64>lastVoxel * bits + 31) >> 5) > <u64>available) return CORRUPT_VALUES
          const packed = data + ((<usize>packedAt) << 2)
          const entries = (available - tableAt) / wordsPerValue
          const isLongEnough = bits < 32 && ((<u32>1) << bits) <= entries
          for (let dz: u32 = 0; dz < sz; dz++)
            for (let dy: u32 = 0; dy < sy; dy++) {
              const bit = (dz * by + dy) * bx * bits
              if (!isLongEnough && !rowFits(packed, bit, bits, entries, sx)) return CORRUPT_TABLE
              const row = corner + (<usize>dz) * planeBytes + (<usize>dy) * rowBytes
              lookUpRow<T>(packed, bit, bits, table, row, sx)
            }
        }
  }
  return 0
}

/** @returns 0, or what is wrong: 1 channel offset, 2 block header, 3 encoded voxels, 4 table beyond the end */
export function decode32(
  source: usize, words: u32, target: usize, channels: u32, nz: u32, ny: u32, nx: u32, bz: u32, by: u32, bx: u32,
): u32 {
  return decode<u32>(source, words, target, channels, nz, ny, nx, bz, by, bx)
}

export function decode64(
  source: usize, words: u32, target: usize, channels: u32, nz: u32, ny: u32, nx: u32, bz: u32, by: u32, bx: u32,
): u32 {
  return decode<u64>(source, words, target, channels, nz, ny, nx, bz, by, bx)
}
