/** Slot of a value in a table of 2^bits, by multiplication: the highest bits of the product. */
@inline
export function slotOf<T>(value: T, bits: u32): u32 {
  if (sizeof<T>() == 8) return <u32>((<u64>value * 0x9e3779b97f4a7c15) >> (64 - bits))
  return (<u32>value * 0x9e3779b1) >> (32 - bits)
}

/** FNV of values that follow each other. */
@inline
export function hashOf<T>(values: usize, count: u32): u32 {
  let hash: u32 = count
  for (let index: u32 = 0; index < count; index++) {
    const value = load<T>(values + (<usize>index) * sizeof<T>())
    hash = (hash ^ <u32>value) * 0x01000193
    if (sizeof<T>() == 8) hash = (hash ^ <u32>(<u64>value >> 32)) * 0x01000193
  }
  return hash
}
