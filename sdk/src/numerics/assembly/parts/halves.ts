// The even and the odd elements of two vectors that follow each other.

@inline
export function even<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 1) return v128.shuffle<u8>(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
  if (sizeof<T>() == 2) return v128.shuffle<u16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
  if (sizeof<T>() == 4) return v128.shuffle<u32>(a, b, 0, 2, 4, 6)
  return v128.shuffle<u64>(a, b, 0, 2)
}

@inline
export function odd<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 1) return v128.shuffle<u8>(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
  if (sizeof<T>() == 2) return v128.shuffle<u16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
  if (sizeof<T>() == 4) return v128.shuffle<u32>(a, b, 1, 3, 5, 7)
  return v128.shuffle<u64>(a, b, 1, 3)
}
