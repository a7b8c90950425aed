/** Counts of label pairs of two volumes: an open-addressing table, 24 bytes an entry: first u64, second u64, count u64 (0: free). */

const ENTRY: usize = 24

// @ts-ignore: decorator
@inline function entryOf(table: usize, mask: u32, first: u64, second: u64): usize {
  let mixed = first * 0x9e3779b97f4a7c15 ^ second * 0xc2b2ae3d27d4eb4f
  mixed ^= mixed >>> 29
  let slot = <u32>(mixed * 0xbf58476d1ce4e5b9 >>> 32) & mask
  while (true) {
    const entry = table + <usize>slot * ENTRY
    if (!load<u64>(entry, 16) || (load<u64>(entry) == first && load<u64>(entry, 8) == second)) return entry
    slot = (slot + 1) & mask
  }
}

/**
 * Counts a piece, until the table is 60 % full. Equal neighbours are counted as one run.
 * @param state kept: +0 entries so far, +4 voxel to go on with
 * @returns 1 when the piece is done, 0 when the table must grow first
 */
export function countPairs(table: usize, capacity: u32, state: usize, first: usize, second: usize, voxels: u32): i32 {
  const mask = capacity - 1
  const limit = <u32>(<u64>capacity * 6 / 10)
  let entries = load<u32>(state)
  let voxel = load<u32>(state, 4)
  while (voxel < voxels) {
    if (entries >= limit) {
      store<u32>(state, entries)
      store<u32>(state, voxel, 4)
      return 0
    }
    const one = load<u64>(first + (<usize>voxel << 3))
    const other = load<u64>(second + (<usize>voxel << 3))
    let end = voxel + 1
    while (end < voxels && load<u64>(first + (<usize>end << 3)) == one && load<u64>(second + (<usize>end << 3)) == other) end++
    const entry = entryOf(table, mask, one, other)
    const count = load<u64>(entry, 16)
    if (!count) {
      store<u64>(entry, one)
      store<u64>(entry, other, 8)
      entries++
    }
    store<u64>(entry, count + (end - voxel), 16)
    voxel = end
  }
  store<u32>(state, entries)
  store<u32>(state, 0, 4)
  return 1
}

export function growPairs(old: usize, oldCapacity: u32, table: usize, capacity: u32): void {
  for (let slot: u32 = 0; slot < oldCapacity; slot++) {
    const from = old + <usize>slot * ENTRY
    if (load<u64>(from, 16)) memory.copy(entryOf(table, capacity - 1, load<u64>(from), load<u64>(from, 8)), from, ENTRY)
  }
}
