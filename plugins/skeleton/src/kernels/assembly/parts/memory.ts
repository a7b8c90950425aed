/** Makes the memory below `end` usable, and a little more: blocks of 64 bytes may be read past it. False: there is no more. */
export function reserve(end: u64): bool {
  const missing = <i64>((end + 0x103ff) >> 16) - <i64>memory.size()
  return missing <= 0 || (missing < 65536 && memory.grow(<i32>missing) >= 0)
}
