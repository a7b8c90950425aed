/** Counts how often a label of one volume meets a label of another. */
import { allocate, startHeap } from './parts/heap'
import { createLabelIndex, LabelIndex, NO_MEMORY, numberOf } from './parts/label-index'

// a pair: number of the first label u32, of the second u32, how often u64 (0: a free slot)
const PAIR: usize = 16

let firsts: usize = 0
let seconds: usize = 0
let pairs: usize = 0
let pairBits: u32 = 0
let pairTotal: u32 = 0
/** The pair met last. */
let last: usize = 0

/** Prepares for pieces of at most `pieceBytes`. @returns 0 when memory ends */
export function begin(heap: usize, pieceBytes: u32): u32 {
  startHeap(heap + pieceBytes)
  firsts = createLabelIndex()
  seconds = createLabelIndex()
  pairBits = 10
  pairTotal = 0
  pairs = allocate(PAIR << 10)
  last = pairs
  return firsts == 0 || seconds == 0 || pairs == 0 ? 0 : 1
}

function slotFor(first: u32, second: u32): usize {
  const key = <u64>first << 32 | <u64>second
  const mask = (<usize>1 << pairBits) - 1
  let slot = <usize>((key ^ key >> 29) * 0x9e3779b97f4a7c15 >> (64 - pairBits))
  while (true) {
    const at = pairs + slot * PAIR
    if (load<u64>(at, 8) == 0 || (load<u32>(at) == first && load<u32>(at, 4) == second)) return at
    slot = (slot + 1) & mask
  }
}

function add(first: u32, second: u32, times: u32): bool {
  if (load<u32>(last) != first || load<u32>(last, 4) != second || load<u64>(last, 8) == 0) last = slotFor(first, second)
  const known = load<u64>(last, 8)
  store<u64>(last, known + times, 8)
  if (known != 0) return true
  store<u32>(last, first)
  store<u32>(last, second, 4)
  pairTotal++
  return (<u64>pairTotal << 1) <= (<u64>1 << pairBits) || grow()
}

function grow(): bool {
  const old = pairs
  const slots = <usize>1 << pairBits
  pairs = allocate(<u64>slots * 2 * PAIR)
  if (pairs == 0) return false
  pairBits++
  for (let at = old; at < old + slots * PAIR; at += PAIR)
    if (load<u64>(at, 8) != 0) memory.copy(slotFor(load<u32>(at), load<u32>(at, 4)), at, PAIR)
  last = pairs
  return true
}

/** Counts by stretches in which neither label changes. */
@inline
function countAs<A, B>(first: usize, second: usize, voxels: u32): u32 {
  let voxel: u32 = 0
  while (voxel < voxels) {
    const one = load<A>(first + <usize>voxel * sizeof<A>())
    const other = load<B>(second + <usize>voxel * sizeof<B>())
    let end = voxel + 1
    while (end < voxels && load<A>(first + <usize>end * sizeof<A>()) == one && load<B>(second + <usize>end * sizeof<B>()) == other) end++
    const left = numberOf(changetype<LabelIndex>(firsts), <u64>one)
    const right = numberOf(changetype<LabelIndex>(seconds), <u64>other)
    if (left == NO_MEMORY || right == NO_MEMORY || !add(left, right, end - voxel)) return 0
    voxel = end
  }
  return 1
}

function countFirst<A>(first: usize, second: usize, secondBytes: u32, voxels: u32): u32 {
  if (secondBytes == 1) return countAs<A, u8>(first, second, voxels)
  if (secondBytes == 2) return countAs<A, u16>(first, second, voxels)
  if (secondBytes == 4) return countAs<A, u32>(first, second, voxels)
  return countAs<A, u64>(first, second, voxels)
}

/** Counts the voxels of a piece. Labels have 1, 2, 4 or 8 bytes. @returns 0 when memory ends */
export function count(first: usize, firstBytes: u32, second: usize, secondBytes: u32, voxels: u32): u32 {
  if (firstBytes == 1) return countFirst<u8>(first, second, secondBytes, voxels)
  if (firstBytes == 2) return countFirst<u16>(first, second, secondBytes, voxels)
  if (firstBytes == 4) return countFirst<u32>(first, second, secondBytes, voxels)
  return countFirst<u64>(first, second, secondBytes, voxels)
}

export function firstCount(): u32 { return changetype<LabelIndex>(firsts).count }
export function secondCount(): u32 { return changetype<LabelIndex>(seconds).count }

/** Moves the pairs to the front of the table; nothing can be counted afterwards. @returns how many they are */
export function finish(): u32 {
  let target = pairs
  const end = pairs + (<usize>1 << pairBits) * PAIR
  for (let at = pairs; at < end; at += PAIR) {
    if (load<u64>(at, 8) == 0) continue
    memory.copy(target, at, PAIR)
    target += PAIR
  }
  return pairTotal
}

/** Some pairs of the front. @param left,right out, u32 @param counts out, f64 */
export function read(from: u32, total: u32, left: usize, right: usize, counts: usize): void {
  for (let index: u32 = 0; index < total; index++) {
    const pair = pairs + <usize>(from + index) * PAIR
    store<u32>(left + (<usize>index << 2), load<u32>(pair))
    store<u32>(right + (<usize>index << 2), load<u32>(pair, 4))
    store<f64>(counts + (<usize>index << 3), <f64>load<u64>(pair, 8))
  }
}
