import { allocate } from './heap'

/**
 * Numbers of labels, in an open-addressing table that is made for a known number of them: { label u64, number u32 }, 16 bytes a
 * slot, number 0 marks a free one.
 */
@unmanaged
export class LabelNumbers {
  table: usize
  bits: u32
  count: u32
}

const SLOT: usize = 16

/** A table for so many labels, or null when memory ends. */
export function createLabelNumbers(labels: u32): usize {
  const at = allocate(offsetof<LabelNumbers>())
  if (at == 0) return 0
  const numbers = changetype<LabelNumbers>(at)
  numbers.bits = 4
  while (<u64>labels << 1 > <u64>1 << numbers.bits) numbers.bits++
  numbers.table = allocate(<u64>SLOT << numbers.bits)
  return numbers.table == 0 ? 0 : at
}

@inline
function slotFor(numbers: LabelNumbers, label: u64): usize {
  const mask = (<usize>1 << numbers.bits) - 1
  let slot = <usize>(label * 0x9e3779b97f4a7c15 >> (64 - numbers.bits))
  while (true) {
    const at = numbers.table + slot * SLOT
    if (load<u64>(at) == label || load<u32>(at, 8) == 0) return at
    slot = (slot + 1) & mask
  }
}

/** Gives a label the next number, from 1 on. */
export function addLabel(numbers: LabelNumbers, label: u64): void {
  const at = slotFor(numbers, label)
  store<u64>(at, label)
  store<u32>(at, ++numbers.count, 8)
}

/** The number of a label; 0 when it has none. */
export function numberOf(numbers: LabelNumbers, label: u64): u32 { return load<u32>(slotFor(numbers, label), 8) }
