// Where the labels of a volume lie: how many voxels each has, and the box around them. An open-addressing table, one step a run
// of equal voxels of a row. A slot is { label u64, voxels u64, first z y x u32, last z y x u32 }, 40 bytes; no voxels: free.

import { reserve } from './parts/memory'

const SLOT: usize = 40
let table: usize = 0
let bits: u32 = 0
let used: u32 = 0
let end: usize = 0

@inline
function clear(at: usize): bool {
  table = at
  end = at + (SLOT << bits)
  if (<u64>at + (<u64>SLOT << bits) >= 0xffff0000 || !reserve(<u64>end)) return false
  memory.fill(at, 0, SLOT << bits)
  return true
}

/** @returns 0 when memory ends */
export function begin(heap: usize, pieceBytes: u32): u32 {
  bits = 10
  used = 0
  return clear((heap + pieceBytes + 15) & ~15) ? 1 : 0
}

@inline
function slotOf(label: u64): usize {
  const mask = (<usize>1 << bits) - 1
  let slot = <usize>(label * 0x9e3779b97f4a7c15 >> (64 - bits))
  while (true) {
    const at = table + slot * SLOT
    if (load<u64>(at) == label || load<u64>(at, 8) == 0) return at
    slot = (slot + 1) & mask
  }
}

function grow(): bool {
  const from = table
  const until = end
  bits++
  if (!clear(until)) return false
  for (let at = from; at < until; at += SLOT)
    if (load<u64>(at, 8) != 0) memory.copy(slotOf(load<u64>(at)), at, SLOT)
  return true
}

/** @returns false when memory ends */
@inline
function add(label: u64, z: u32, y: u32, x: u32, length: u32): bool {
  if (label == 0) return true
  const at = slotOf(label)
  const before = load<u64>(at, 8)
  store<u64>(at, before + length, 8)
  if (before == 0) {
    store<u64>(at, label)
    store<u32>(at, z, 16)
    store<u32>(at, y, 20)
    store<u32>(at, x, 24)
    store<u32>(at, z, 28)
    store<u32>(at, y, 32)
    store<u32>(at, x + length - 1, 36)
    return ++used * 2 <= <u32>1 << bits || grow()
  }
  // rows come in scan order
  store<u32>(at, min(y, load<u32>(at, 20)), 20)
  store<u32>(at, min(x, load<u32>(at, 24)), 24)
  store<u32>(at, z, 28)
  store<u32>(at, max(y, load<u32>(at, 32)), 32)
  store<u32>(at, max(x + length - 1, load<u32>(at, 36)), 36)
  return true
}

@inline
function addRows<T>(labels: usize, firstRow: u32, rows: u32, height: u32, width: u32): u32 {
  for (let row: u32 = 0; row < rows; row++) {
    const z = (firstRow + row) / height
    const y = (firstRow + row) % height
    const line = labels + <usize>row * width * sizeof<T>()
    let x: u32 = 0
    while (x < width) {
      const label = load<T>(line + <usize>x * sizeof<T>())
      const from = x++
      while (x < width && load<T>(line + <usize>x * sizeof<T>()) == label) x++
      if (!add(<u64>label, z, y, from, x - from)) return 0
    }
  }
  return 1
}

/** Takes the next rows of a volume. @returns 0 when memory ends */
export function add8(labels: usize, first: u32, rows: u32, height: u32, width: u32): u32 { return addRows<u8>(labels, first, rows, height, width) }
export function add16(labels: usize, first: u32, rows: u32, height: u32, width: u32): u32 { return addRows<u16>(labels, first, rows, height, width) }
export function add32(labels: usize, first: u32, rows: u32, height: u32, width: u32): u32 { return addRows<u32>(labels, first, rows, height, width) }
export function add64(labels: usize, first: u32, rows: u32, height: u32, width: u32): u32 { return addRows<u64>(labels, first, rows, height, width) }

/** Moves the labels to the front of the table; none can be added afterwards. @returns how many there are */
export function finish(): u32 {
  let target = table
  for (let at = table; at < end; at += SLOT) {
    if (load<u64>(at, 8) == 0) continue
    memory.copy(target, at, SLOT)
    target += SLOT
  }
  return used
}

/** Some labels of the front. @param out slots, as above */
export function read(out: usize, from: u32, count: u32): void {
  memory.copy(out, table + <usize>from * SLOT, <usize>count * SLOT)
}
