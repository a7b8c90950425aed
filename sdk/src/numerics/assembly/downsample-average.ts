// Means of blocks of 1 or 2 voxels along each axis, kept as exact sums from level to level.
//
// At odd ends the last voxel stands for its missing neighbour, so all blocks of a level count 2^shift original voxels and
// the mean of whole numbers is a shift, towards zero. Sums are 32-bit for 8- and 16-bit voxels (the caller stops before
// they overflow) and of the voxels' own type for floats.

import { even, odd } from './parts/halves'

@inline
function pairOf<T, S>(row: usize, left: usize, right: usize, factorX: u32): S {
  return factorX == 2 ? <S>load<T>(row + left) + <S>load<T>(row + right) : <S>load<T>(row + left)
}

/** Sums of `count` (1, 2 or 4) rows, x kept or in pairs, from output `index` on. */
function sumRows<T, S>(row0: usize, row1: usize, row2: usize, row3: usize, count: u32, factorX: u32, sums: usize, target: usize, length: u32, shift: u32, index: u32): void {
  const outputs = (length + factorX - 1) / factorX
  const whole = length / factorX
  for (; index < outputs; index++) {
    const left = <usize>(index * factorX) * sizeof<T>()
    const right = index < whole ? left + sizeof<T>() : left
    let sum = pairOf<T, S>(row0, left, right, factorX)
    if (count > 1) sum += pairOf<T, S>(row1, left, right, factorX)
    if (count > 2) {
      sum += pairOf<T, S>(row2, left, right, factorX)
      sum += pairOf<T, S>(row3, left, right, factorX)
    }
    if (sums != 0) store<S>(sums + <usize>index * sizeof<S>(), sum)
    storeMean<S>(target, index, sum, shift)
  }
}

/** Bytes of the whole numbers that are written; floats are written as the sums' type. */
let targetBytes: u32 = 1

@inline
function storeMean<S>(target: usize, index: u32, sum: S, shift: u32): void {
  if (isFloat<S>()) {
    store<S>(target + <usize>index * sizeof<S>(), <S>(sum * <S>(1.0 / <f64>((<u64>1) << shift))))
    return
  }
  let mean = <i32>sum
  if (isSigned<S>()) mean = (mean + ((mean >> 31) & <i32>((<u32>1 << shift) - 1))) >> shift
  else mean = <i32>(<u32>mean >>> shift)
  if (targetBytes == 1) store<u8>(target + <usize>index, <u8>mean)
  else store<u16>(target + (<usize>index << 1), <u16>mean)
}

@inline
function pairs8(row0: usize, row1: usize, row2: usize, row3: usize, count: u32, offset: usize): v128 {
  let sum = i16x8.extadd_pairwise_i8x16_u(v128.load(row0 + offset))
  if (count > 1) sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(v128.load(row1 + offset)))
  if (count > 2) {
    sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(v128.load(row2 + offset)))
    sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(v128.load(row3 + offset)))
  }
  return sum
}

/** Pairs of x of u8 rows, 16 outputs at a time; returns how many were made. */
function halve8(row0: usize, row1: usize, row2: usize, row3: usize, count: u32, sums: usize, target: usize, length: u32, shift: u32): u32 {
  let index: u32 = 0
  for (const whole = length >>> 1; index + 16 <= whole; index += 16) {
    const offset = <usize>index << 1
    const low = pairs8(row0, row1, row2, row3, count, offset)
    const high = pairs8(row0, row1, row2, row3, count, offset + 16)
    if (sums != 0) {
      const at = sums + (<usize>index << 2)
      v128.store(at, i32x4.extend_low_i16x8_u(low))
      v128.store(at, i32x4.extend_high_i16x8_u(low), 16)
      v128.store(at, i32x4.extend_low_i16x8_u(high), 32)
      v128.store(at, i32x4.extend_high_i16x8_u(high), 48)
    }
    v128.store(target + index, i8x16.narrow_i16x8_u(i16x8.shr_u(low, shift), i16x8.shr_u(high, shift)))
  }
  return index
}

@inline
function pairs16(row0: usize, row1: usize, row2: usize, row3: usize, count: u32, offset: usize): v128 {
  let sum = i32x4.extadd_pairwise_i16x8_u(v128.load(row0 + offset))
  if (count > 1) sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(v128.load(row1 + offset)))
  if (count > 2) {
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(v128.load(row2 + offset)))
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(v128.load(row3 + offset)))
  }
  return sum
}

/** Pairs of x of u16 rows, 8 outputs at a time; returns how many were made. */
function halve16(row0: usize, row1: usize, row2: usize, row3: usize, count: u32, sums: usize, target: usize, length: u32, shift: u32): u32 {
  let index: u32 = 0
  for (const whole = length >>> 1; index + 8 <= whole; index += 8) {
    const offset = <usize>index << 2
    const low = pairs16(row0, row1, row2, row3, count, offset)
    const high = pairs16(row0, row1, row2, row3, count, offset + 16)
    if (sums != 0) {
      v128.store(sums + (<usize>index << 2), low)
      v128.store(sums + (<usize>index << 2), high, 16)
    }
    v128.store(target + (<usize>index << 1), i16x8.narrow_i32x4_u(i32x4.shr_u(low, shift), i32x4.shr_u(high, shift)))
  }
  return index
}

@inline
function pairsFloat(row: usize, offset: usize): v128 {
  const a = v128.load(row + offset)
  const b = v128.load(row + offset, 16)
  return f32x4.add(even<f32>(a, b), odd<f32>(a, b))
}

/** Pairs of x of f32 rows, 4 outputs at a time. */
function halveFloat(row0: usize, row1: usize, row2: usize, row3: usize, count: u32, sums: usize, target: usize, length: u32, shift: u32): u32 {
  const scale = f32x4.splat(<f32>(1.0 / <f64>((<u64>1) << shift)))
  let index: u32 = 0
  for (const whole = length >>> 1; index + 4 <= whole; index += 4) {
    const offset = <usize>index << 3
    let sum = pairsFloat(row0, offset)
    if (count > 1) sum = f32x4.add(sum, pairsFloat(row1, offset))
    if (count > 2) {
      sum = f32x4.add(sum, pairsFloat(row2, offset))
      sum = f32x4.add(sum, pairsFloat(row3, offset))
    }
    if (sums != 0) v128.store(sums + (<usize>index << 2), sum)
    v128.store(target + (<usize>index << 2), f32x4.mul(sum, scale))
  }
  return index
}

/**
 * @param first sections one after another, or only the first one
 * @param second the second section when it lies elsewhere, else 0
 * @param sums where to leave the sums, or 0
 * @param factorZ @param factorY @param factorX 1 or 2
 * @param shift the sums count 2^shift original voxels
 */
@inline
function average<T, S>(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  targetBytes = bytes
  const rowBytes = <usize>length * sizeof<T>()
  const sectionBytes = <usize>rows * rowBytes
  const outputs = <usize>((length + factorX - 1) / factorX)
  const count = factorZ * factorY
  for (let z: u32 = 0; z < sections; z += factorZ) {
    const here = first + <usize>z * sectionBytes
    const beyond = factorZ == 1 || z + 1 == sections ? here : second != 0 ? second : here + sectionBytes
    for (let y: u32 = 0; y < rows; y += factorY) {
      const up = <usize>y * rowBytes
      const down = factorY == 1 || y + 1 == rows ? up : up + rowBytes
      const row0 = here + up
      const row1 = factorY == 2 ? here + down : beyond + up
      const row2 = beyond + up
      const row3 = beyond + down
      let done: u32 = 0
      if (factorX == 2) {
        if (isInteger<T>() && !isSigned<T>()) {
          if (sizeof<T>() == 1) done = halve8(row0, row1, row2, row3, count, sums, target, length, shift)
          else if (sizeof<T>() == 2) done = halve16(row0, row1, row2, row3, count, sums, target, length, shift)
        } else if (isFloat<T>() && sizeof<T>() == 4)
          done = halveFloat(row0, row1, row2, row3, count, sums, target, length, shift)
      }
      sumRows<T, S>(row0, row1, row2, row3, count, factorX, sums, target, length, shift, done)
      target += outputs * bytes
      if (sums != 0) sums += outputs * sizeof<S>()
    }
  }
}

export function uint8(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<u8, u32>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
export function int8(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<i8, i32>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
export function uint16(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<u16, u32>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
export function int16(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<i16, i32>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
export function uint32(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<u32, u32>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
export function int32(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<i32, i32>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
export function float32(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<f32, f32>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
export function float64(first: usize, second: usize, target: usize, sums: usize, bytes: u32, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32, shift: u32): void {
  average<f64, f64>(first, second, target, sums, bytes, sections, rows, length, factorZ, factorY, factorX, shift)
}
