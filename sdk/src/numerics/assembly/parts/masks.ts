// Masks of 64 elements of 1, 2, 4 or 8 bytes, one bit an element.

/** Byte i of the result is -1 where element i of `left` equals that of `right`, else 0. 16 elements. */
@inline
function equalLanes<T>(left: usize, right: usize): v128 {
  if (sizeof<T>() == 1) return i8x16.eq(v128.load(left), v128.load(right))
  if (sizeof<T>() == 2)
    return i8x16.narrow_i16x8_s(
      i16x8.eq(v128.load(left), v128.load(right)),
      i16x8.eq(v128.load(left, 16), v128.load(right, 16)))
  if (sizeof<T>() == 4)
    return i8x16.narrow_i16x8_s(
      i16x8.narrow_i32x4_s(
        i32x4.eq(v128.load(left), v128.load(right)),
        i32x4.eq(v128.load(left, 16), v128.load(right, 16))),
      i16x8.narrow_i32x4_s(
        i32x4.eq(v128.load(left, 32), v128.load(right, 32)),
        i32x4.eq(v128.load(left, 48), v128.load(right, 48))))
  return i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(equalPairs(left, right), equalPairs(left + 32, right + 32)),
    i16x8.narrow_i32x4_s(equalPairs(left + 64, right + 64), equalPairs(left + 96, right + 96)))
}

@inline
function equalPairs(left: usize, right: usize): v128 {
  return v128.shuffle<u32>(
    i64x2.eq(v128.load(left), v128.load(right)),
    i64x2.eq(v128.load(left, 16), v128.load(right, 16)),
    0, 2, 4, 6)
}

@inline
function bits(lanes: v128): u64 { return <u64>(<u32>i8x16.bitmask(lanes)) }

/** Bit i: element i of `left` equals that of `right`. 64 elements. */
@inline
export function equal64<T>(left: usize, right: usize): u64 {
  const step = 16 * sizeof<T>()
  return bits(equalLanes<T>(left, right))
    | bits(equalLanes<T>(left + step, right + step)) << 16
    | bits(equalLanes<T>(left + 2 * step, right + 2 * step)) << 32
    | bits(equalLanes<T>(left + 3 * step, right + 3 * step)) << 48
}

@inline
function sameLanes<T>(at: usize, value: v128): v128 {
  if (sizeof<T>() == 1) return i8x16.eq(v128.load(at), value)
  if (sizeof<T>() == 2)
    return i8x16.narrow_i16x8_s(i16x8.eq(v128.load(at), value), i16x8.eq(v128.load(at, 16), value))
  if (sizeof<T>() == 4)
    return i8x16.narrow_i16x8_s(
      i16x8.narrow_i32x4_s(i32x4.eq(v128.load(at), value), i32x4.eq(v128.load(at, 16), value)),
      i16x8.narrow_i32x4_s(i32x4.eq(v128.load(at, 32), value), i32x4.eq(v128.load(at, 48), value)))
  return i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(samePairs(at, value), samePairs(at + 32, value)),
    i16x8.narrow_i32x4_s(samePairs(at + 64, value), samePairs(at + 96, value)))
}

@inline
function samePairs(at: usize, value: v128): v128 {
  return v128.shuffle<u32>(i64x2.eq(v128.load(at), value), i64x2.eq(v128.load(at, 16), value), 0, 2, 4, 6)
}

/** Bit i: element i equals the elements of `value`. 64 elements. */
@inline
export function same64<T>(at: usize, value: v128): u64 {
  const step = 16 * sizeof<T>()
  return bits(sameLanes<T>(at, value))
    | bits(sameLanes<T>(at + step, value)) << 16
    | bits(sameLanes<T>(at + 2 * step, value)) << 32
    | bits(sameLanes<T>(at + 3 * step, value)) << 48
}
