import { allocate } from './heap'

/**
 * Numbers labels in the order in which they are met, from 1 on; label 0 is 0. An open-addressing table of { label u64, number
 * u32 }, 16 bytes a slot, number 0 marks a free one.
 */
@unmanaged
export class LabelIndex {
  table: usize
  bits: u32
  count: u32
  lastLabel: u64
  lastNumber: u32
}

const SLOT: usize = 16
export const NO_MEMORY: u32 = 0xffffffff

/** An empty index, or null when memory ends. */
export function createLabelIndex(): usize {
  const at = allocate(offsetof<LabelIndex>())
  if (at == 0) return 0
  const index = changetype<LabelIndex>(at)
  index.bits = 10
  index.table = allocate(SLOT << 10)
  return index.table == 0 ? 0 : at
}

@inline
function slotFor(index: LabelIndex, label: u64): usize {
  const mask = (<usize>1 << index.bits) - 1
  let slot = <usize>(label * 0x9e3779b97f4a7c15 >> (64 - index.bits))
  while (true) {
    const at = index.table + slot * SLOT
    if (load<u64>(at) == label || load<u32>(at, 8) == 0) return at
    slot = (slot + 1) & mask
  }
}

/** The number of a label. {@link NO_MEMORY} when memory ends. */
@inline
export function numberOf(index: LabelIndex, label: u64): u32 {
  if (label != index.lastLabel) {
    const number = lookUp(index, label)
    if (number == NO_MEMORY) return NO_MEMORY
    index.lastLabel = label
    index.lastNumber = number
  }
  return index.lastNumber
}

function lookUp(index: LabelIndex, label: u64): u32 {
  if (label == 0) return 0
  const at = slotFor(index, label)
  const known = load<u32>(at, 8)
  if (known != 0) return known
  const number = ++index.count
  store<u64>(at, label)
  store<u32>(at, number, 8)
  return (<u64>number << 1) > (<u64>1 << index.bits) && !grow(index) ? NO_MEMORY : number
}

function grow(index: LabelIndex): bool {
  const old = index.table
  const slots = <usize>1 << index.bits
  index.table = allocate(<u64>slots * 2 * SLOT)
  if (index.table == 0) return false
  index.bits++
  for (let at = old; at < old + slots * SLOT; at += SLOT)
    if (load<u32>(at, 8) != 0) memory.copy(slotFor(index, load<u64>(at)), at, SLOT)
  return true
}

/** Writes the labels with numbers [from, to), 0 being number 0. */
export function writeLabels(index: LabelIndex, out: usize, from: u32, to: u32): void {
  if (from == 0) store<u64>(out, 0)
  const end = index.table + (<usize>1 << index.bits) * SLOT
  for (let at = index.table; at < end; at += SLOT) {
    const number = load<u32>(at, 8)
    if (number != 0 && number >= from && number < to) store<u64>(out + (<usize>(number - from) << 3), load<u64>(at))
  }
}
