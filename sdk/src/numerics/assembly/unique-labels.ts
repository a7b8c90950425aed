// Counts the voxels of every non-zero label with an open-addressing table, one step per run of equal voxels, and sorts
// the labels by radix.
//
// Memory above `heap`: room for the caller's pieces, then the table. A table that is three fifths full is copied into one
// twice as large behind it. A slot is { label u64, count u64 }; count 0 marks it empty.

import { equal64 } from './parts/masks'

const ENTRY: usize = 16
const GOLDEN: u64 = 0x9e3779b97f4a7c15

let table: usize = 0
let slots: u32 = 0
let slotShift: u32 = 0
let used: u32 = 0
let largest: u32 = 0
let part: u64 = 0
let parts: u64 = 1
let full: bool = false
let sorted: usize = 0

function reserve(end: u64): void {
  const missing = <i32>((end + 0x103ff) >> 16) - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) unreachable()
}

function clear(address: usize, count: u32): void {
  table = address
  slots = count
  slotShift = 64 - ctz(count)
  reserve(<u64>address + <u64>count * ENTRY)
  memory.fill(address, 0, <usize>count * ENTRY)
}

/**
 * Starts with an empty table that grows to at most `maximum` slots (a power of two of at least 1024).
 * Only labels of one of `count` parts (a power of two) are counted, for volumes with too many for one table.
 */
export function begin(heap: usize, pieceBytes: u32, maximum: u32, index: u32, count: u32): void {
  largest = maximum
  part = index
  parts = count
  used = 0
  full = false
  clear(heap + ((<usize>pieceBytes + 15) & ~15), 1024)
}

@inline
function slotOf(label: u64): usize {
  const mask = slots - 1
  let slot = <u32>((label * GOLDEN) >> slotShift)
  let entry = table + <usize>slot * ENTRY
  while (load<u64>(entry) != label && load<u64>(entry, 8) != 0) {
    slot = (slot + 1) & mask
    entry = table + <usize>slot * ENTRY
  }
  return entry
}

function grow(): void {
  if (slots >= largest) {
    full = true
    return
  }
  const old = table
  const end = table + <usize>slots * ENTRY
  clear(end, slots << 1)
  for (let from = old; from < end; from += ENTRY) {
    if (load<u64>(from, 8) == 0) continue
    const entry = slotOf(load<u64>(from))
    store<u64>(entry, load<u64>(from))
    store<u64>(entry, load<u64>(from, 8), 8)
  }
}

/** Which part a label belongs to. All its bits count: labels that are multiples of a power of two spread as well. */
@inline
function partOf(label: u64): u64 {
  let mixed = label * GOLDEN
  mixed ^= mixed >> 32
  return ((mixed * 0xbf58476d1ce4e5b9) >> 32) & (parts - 1)
}

@inline
function tally<T>(value: T, count: u32): void {
  const label = <u64>value
  if (label == 0 || partOf(label) != part) return
  const entry = slotOf(label)
  const before = load<u64>(entry, 8)
  store<u64>(entry, label)
  store<u64>(entry, before + count, 8)
  if (before == 0 && <u64>(++used) * 5 > <u64>slots * 3) grow()
}

/** Counts the next `length` labels; 0 when there are too many different ones. */
@inline
function countRuns<T>(data: usize, length: u32): u32 {
  if (length == 0) return 1
  let start: u32 = 0
  let value = load<T>(data)
  for (let x: u32 = 1; x < length; x += 64) {
    const at = data + <usize>x * sizeof<T>()
    let changes = ~equal64<T>(at, at - sizeof<T>())
    if (length - x < 64) changes &= ((<u64>1) << (length - x)) - 1
    while (changes != 0) {
      const position = x + <u32>ctz(changes)
      changes &= changes - 1
      tally<T>(value, position - start)
      if (full) return 0
      start = position
      value = load<T>(data + <usize>position * sizeof<T>())
    }
  }
  tally<T>(value, length - start)
  return full ? 0 : 1
}

export function count8(data: usize, length: u32): u32 { return countRuns<u8>(data, length) }
export function count16(data: usize, length: u32): u32 { return countRuns<u16>(data, length) }
export function count32(data: usize, length: u32): u32 { return countRuns<u32>(data, length) }
export function count64(data: usize, length: u32): u32 { return countRuns<u64>(data, length) }

/** Sorts the labels; returns how many there are. */
export function sort(): u32 {
  const bytes = <usize>used * ENTRY
  let from = table + <usize>slots * ENTRY
  let to = from + bytes
  const histogram = to + bytes
  reserve(<u64>histogram + 1024)
  let end = from
  let differing: u64 = 0
  let first: u64 = 0
  for (let slot: u32 = 0; slot < slots; slot++) {
    const entry = table + <usize>slot * ENTRY
    if (load<u64>(entry, 8) == 0) continue
    const label = load<u64>(entry)
    if (end == from) first = label
    differing |= label ^ first
    memory.copy(end, entry, ENTRY)
    end += ENTRY
  }
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    if (((differing >> shift) & 0xff) == 0) continue
    memory.fill(histogram, 0, 1024)
    for (let at = from, last = from + bytes; at < last; at += ENTRY) {
      const bucket = histogram + (<usize>((load<u64>(at) >> shift) & 0xff) << 2)
      store<u32>(bucket, load<u32>(bucket) + 1)
    }
    let sum: u32 = 0
    for (let bucket: usize = 0; bucket < 1024; bucket += 4) {
      const count = load<u32>(histogram + bucket)
      store<u32>(histogram + bucket, sum)
      sum += count
    }
    for (let at = from, last = from + bytes; at < last; at += ENTRY) {
      const label = load<u64>(at)
      const bucket = histogram + (<usize>((label >> shift) & 0xff) << 2)
      const place = load<u32>(bucket)
      store<u32>(bucket, place + 1)
      const target = to + <usize>place * ENTRY
      store<u64>(target, label)
      store<u64>(target, load<u64>(at, 8), 8)
    }
    const other = from
    from = to
    to = other
  }
  sorted = from
  return used
}

/** Writes `length` labels (u64) and counts (f64) from the sorted number `first` on. */
export function write(ids: usize, counts: usize, first: u32, length: u32): void {
  for (let index: u32 = 0; index < length; index++) {
    const entry = sorted + <usize>(first + index) * ENTRY
    store<u64>(ids + (<usize>index << 3), load<u64>(entry))
    store<f64>(counts + (<usize>index << 3), <f64>load<u64>(entry, 8))
  }
}
