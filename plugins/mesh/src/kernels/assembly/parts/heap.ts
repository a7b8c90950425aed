import { reserve } from './memory'

/** Memory handed out from a start upwards, never taken back. */
let top: usize = 0

export function startHeap(start: usize): void { top = (start + 63) & ~63 }

/** Zeroed memory, or 0 when there is no more. */
export function allocate(bytes: u64): usize {
  const start = top
  if (<u64>start + bytes >= 0xffff0000 || !reserve(<u64>start + bytes)) return 0
  top = (start + <usize>bytes + 15) & ~15
  memory.fill(start, 0, <usize>bytes)
  return start
}
