/** IEEE 754 binary16 to binary32 and back. */

/** Exact: every binary16 value is a binary32 value. */
export function halfToFloat(half: u32): f32 {
  const sign = (half & 0x8000) << 16
  const magnitude = half & 0x7fff
  if (magnitude >= 0x7c00) return reinterpret<f32>(sign | 0x7f800000 | ((magnitude & 0x3ff) << 13))
  // moves exponent and fraction into place, then corrects the bias by a multiplication that also normalises subnormals
  const value = reinterpret<f32>(magnitude << 13) * reinterpret<f32>(0x77800000)
  return reinterpret<f32>(sign | reinterpret<u32>(value))
}

/** Rounds half to even; overflow gives infinity. */
export function floatToHalf(value: f32): u16 {
  const bits = reinterpret<u32>(value)
  const sign = (bits >> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return <u16>(sign | 0x7e00)
  if (magnitude >= 0x477ff000) return <u16>(sign | 0x7c00)
  // adding a half aligns the last kept bit of a subnormal with the last bit of the sum, which rounds to even
  if (magnitude < 0x38800000)
    return <u16>(sign | (reinterpret<u32>(reinterpret<f32>(magnitude) + 0.5) - 0x3f000000))
  const odd = (magnitude >> 13) & 1
  return <u16>(sign | ((magnitude - 0x38000000 + 0xfff + odd) >> 13))
}
