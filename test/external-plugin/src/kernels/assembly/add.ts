/** Adds `amount` to `count` bytes at `data`. */
export function add(data: usize, count: i32, amount: i32): void {
  const wide = i8x16.splat(<i8>amount)
  let index = 0
  for (; index + 16 <= count; index += 16) v128.store(data + index, i8x16.add(v128.load(data + index), wide))
  for (; index < count; index++) store<u8>(data + index, load<u8>(data + index) + <u8>amount)
}
