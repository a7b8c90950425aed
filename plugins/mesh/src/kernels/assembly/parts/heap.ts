import { reserve } from './memory'

/** Memory handed out from a start upwards, never taken back. */
let top: usize = 0

export function startHeap(start: usize): void { top = (start + 63) & ~63 }

/** Memory, or 0 when there is no more. It is zero: an instance serves one session, and nothing was above the start before. */
export function allocate(bytes: u64): usize {
  const start = top
  if (<u64>start + bytes >= 0xffff0000 || !reserve(<u64>start + bytes)) return 0
  top = (start + <usize>bytes + 15) & ~15
  return start
}
