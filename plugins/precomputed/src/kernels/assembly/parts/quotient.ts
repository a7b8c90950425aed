/** Of whole numbers, rounded down. */
@inline
export function quotient(dividend: u32, divisor: u32): u32 {
  return dividend / divisor
}
