/** inout[i] += source[i]; out[i] = source[i]^2; returns the sum of inout. */
export function addTo(source: usize, inout: usize, out: usize, count: i32): u32 {
  let sum: u32 = 0
  for (let index = 0; index < count; index++) {
    const value = load<u32>(source + 4 * index)
    const added = load<u32>(inout + 4 * index) + value
    store<u32>(inout + 4 * index, added)
    store<u32>(out + 4 * index, value * value)
    sum += added
  }
  return sum
}

export function accumulate(sum: usize, amount: u32): void {
  store<u32>(sum, load<u32>(sum) + amount)
}

export function trap(): void {
  unreachable()
}

export function spin(): void {
  while (true) store<u32>(0, load<u32>(0) + 1)
}
