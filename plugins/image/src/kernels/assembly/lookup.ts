// Bytes through a table of 256 bytes.

/** Eight at a time: the loads of one word spare seven of eight. */
export function lookup(source: usize, target: usize, count: u32, table: usize): void {
  const whole = <usize>(count & ~7)
  for (let at: usize = 0; at < whole; at += 8) {
    const word = load<u64>(source + at)
    store<u64>(
      target + at,
      <u64>load<u8>(table + <usize>(word & 255))
        | <u64>load<u8>(table + <usize>((word >> 8) & 255)) << 8
        | <u64>load<u8>(table + <usize>((word >> 16) & 255)) << 16
        | <u64>load<u8>(table + <usize>((word >> 24) & 255)) << 24
        | <u64>load<u8>(table + <usize>((word >> 32) & 255)) << 32
        | <u64>load<u8>(table + <usize>((word >> 40) & 255)) << 40
        | <u64>load<u8>(table + <usize>((word >> 48) & 255)) << 48
        | <u64>load<u8>(table + <usize>(word >> 56)) << 56)
  }
  for (let at = whole; at < <usize>count; at++) store<u8>(target + at, load<u8>(table + load<u8>(source + at)))
}
