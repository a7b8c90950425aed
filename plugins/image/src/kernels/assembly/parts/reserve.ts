/** Grows the memory until `end` lies inside; traps when there is no more. */
export function reserve(end: usize): void {
  const missing = <i32>((<u64>end + 0xffff) >>> 16) - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) unreachable()
}

/** The next address that is a multiple of 16. */
@inline
export function aligned(address: usize): usize { return (address + 15) & ~15 }
