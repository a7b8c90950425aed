/** values[i] += amount */
export function addToAll(values: usize, amount: u32, count: i32): void {
  for (let index = 0; index < count; index++)
    store<u32>(values + 4 * index, load<u32>(values + 4 * index) + amount)
}
