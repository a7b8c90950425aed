/** Numbers the labels of a volume in the order in which they are met, so that arrays can be indexed by them. */
import { startHeap } from './parts/heap'
import { createLabelIndex, LabelIndex, NO_MEMORY, numberOf, writeLabels } from './parts/label-index'

let labels: usize = 0

/** Prepares for pieces of at most `pieceBytes`. @returns 0 when memory ends */
export function begin(heap: usize, pieceBytes: u32): u32 {
  startHeap(heap + pieceBytes)
  labels = createLabelIndex()
  return labels == 0 ? 0 : 1
}

@inline
function renumber<T>(data: usize, out: usize, voxels: u32): u32 {
  const index = changetype<LabelIndex>(labels)
  for (let voxel: u32 = 0; voxel < voxels; voxel++) {
    const number = numberOf(index, <u64>load<T>(data + <usize>voxel * sizeof<T>()))
    if (number == NO_MEMORY) return 0
    store<u32>(out + (<usize>voxel << 2), number)
  }
  return 1
}

/** Replaces labels by numbers. @param out u32 @returns 0 when memory ends */
export function renumber8(data: usize, out: usize, voxels: u32): u32 { return renumber<u8>(data, out, voxels) }
export function renumber16(data: usize, out: usize, voxels: u32): u32 { return renumber<u16>(data, out, voxels) }
export function renumber32(data: usize, out: usize, voxels: u32): u32 { return renumber<u32>(data, out, voxels) }
export function renumber64(data: usize, out: usize, voxels: u32): u32 { return renumber<u64>(data, out, voxels) }

/** Adds a 64-bit base to all numbers but 0. @param out u64 */
export function widen(numbers: usize, out: usize, voxels: u32, low: u32, high: u32): void {
  const base = <u64>high << 32 | <u64>low
  for (let voxel: u32 = 0; voxel < voxels; voxel++) {
    const number = <u64>load<u32>(numbers + (<usize>voxel << 2))
    store<u64>(out + (<usize>voxel << 3), number == 0 ? 0 : number + base)
  }
}

/** How many labels there are, 0 not counted. */
export function count(): u32 { return changetype<LabelIndex>(labels).count }

/** The labels with numbers [from, to), 0 being number 0. @param out u64 */
export function write(out: usize, from: u32, to: u32): void { writeLabels(changetype<LabelIndex>(labels), out, from, to) }
