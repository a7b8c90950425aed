// The most frequent label of blocks of 2x2 or 2x2x2 voxels, of 1, 2, 4 or 8 bytes; several voxels at a time.
//
// 2x2: A B / C D gives A if A = B or A = C, else B if B = C, else D. 2x2x2: the label met first among the most frequent
// ones. At odd ends the last voxel stands for its missing neighbour.

import { even, odd } from './parts/halves'

@inline
function vote<T>(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.bitselect(
    a,
    v128.bitselect(b, d, v128.eq<T>(b, c)),
    v128.or(v128.eq<T>(a, b), v128.eq<T>(a, c)))
}
@inline
function voteOne<T>(a: T, b: T, c: T, d: T): T { return a == b || a == c ? a : b == c ? b : d }

/** Pairs of x of two rows. */
function halveSquare<T>(row0: usize, row1: usize, target: usize, length: u32): void {
  const whole = length >>> 1
  const step: u32 = 16 / sizeof<T>()
  let index: u32 = 0
  if (ASC_FEATURE_SIMD)
    for (; index + step <= whole; index += step) {
      const offset = (<usize>index << 1) * sizeof<T>()
      const a = v128.load(row0 + offset)
      const b = v128.load(row0 + offset, 16)
      const c = v128.load(row1 + offset)
      const d = v128.load(row1 + offset, 16)
      v128.store(target + <usize>index * sizeof<T>(), vote<T>(even<T>(a, b), odd<T>(a, b), even<T>(c, d), odd<T>(c, d)))
    }
  for (const last = (length + 1) >>> 1; index < last; index++) {
    const left = (<usize>index << 1) * sizeof<T>()
    const right = index < whole ? left + sizeof<T>() : left
    store<T>(
      target + <usize>index * sizeof<T>(),
      voteOne<T>(load<T>(row0 + left), load<T>(row0 + right), load<T>(row1 + left), load<T>(row1 + right)))
  }
}

/** Four rows, x kept. */
function voteRows<T>(row0: usize, row1: usize, row2: usize, row3: usize, target: usize, length: u32): void {
  const step: u32 = 16 / sizeof<T>()
  let index: u32 = 0
  for (; index + step <= length; index += step) {
    const offset = <usize>index * sizeof<T>()
    v128.store(
      target + offset,
      vote<T>(v128.load(row0 + offset), v128.load(row1 + offset), v128.load(row2 + offset), v128.load(row3 + offset)))
  }
  for (; index < length; index++) {
    const offset = <usize>index * sizeof<T>()
    store<T>(
      target + offset,
      voteOne<T>(load<T>(row0 + offset), load<T>(row1 + offset), load<T>(row2 + offset), load<T>(row3 + offset)))
  }
}

/** -1 in a lane for every later equal label. The first voxel of a label has the most. */
@inline
function mostFrequent<T>(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): v128 {
  let best = a
  let most = v128.add<T>(
    v128.add<T>(v128.add<T>(v128.eq<T>(a, b), v128.eq<T>(a, c)), v128.add<T>(v128.eq<T>(a, d), v128.eq<T>(a, e))),
    v128.add<T>(v128.add<T>(v128.eq<T>(a, f), v128.eq<T>(a, g)), v128.eq<T>(a, h)))
  let votes = v128.add<T>(
    v128.add<T>(v128.add<T>(v128.eq<T>(b, c), v128.eq<T>(b, d)), v128.add<T>(v128.eq<T>(b, e), v128.eq<T>(b, f))),
    v128.add<T>(v128.eq<T>(b, g), v128.eq<T>(b, h)))
  let wins = v128.gt<T>(most, votes)
  best = v128.bitselect(b, best, wins)
  most = v128.bitselect(votes, most, wins)
  votes = v128.add<T>(
    v128.add<T>(v128.add<T>(v128.eq<T>(c, d), v128.eq<T>(c, e)), v128.add<T>(v128.eq<T>(c, f), v128.eq<T>(c, g))),
    v128.eq<T>(c, h))
  wins = v128.gt<T>(most, votes)
  best = v128.bitselect(c, best, wins)
  most = v128.bitselect(votes, most, wins)
  votes = v128.add<T>(v128.add<T>(v128.eq<T>(d, e), v128.eq<T>(d, f)), v128.add<T>(v128.eq<T>(d, g), v128.eq<T>(d, h)))
  wins = v128.gt<T>(most, votes)
  best = v128.bitselect(d, best, wins)
  most = v128.bitselect(votes, most, wins)
  votes = v128.add<T>(v128.add<T>(v128.eq<T>(e, f), v128.eq<T>(e, g)), v128.eq<T>(e, h))
  wins = v128.gt<T>(most, votes)
  best = v128.bitselect(e, best, wins)
  most = v128.bitselect(votes, most, wins)
  votes = v128.add<T>(v128.eq<T>(f, g), v128.eq<T>(f, h))
  wins = v128.gt<T>(most, votes)
  best = v128.bitselect(f, best, wins)
  most = v128.bitselect(votes, most, wins)
  return v128.bitselect(g, best, v128.gt<T>(most, v128.eq<T>(g, h)))
}

@inline
function isUniform(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): bool {
  return !v128.any_true(
    v128.or(
      v128.or(v128.or(v128.xor(a, b), v128.xor(a, c)), v128.or(v128.xor(a, d), v128.xor(a, e))),
      v128.or(v128.or(v128.xor(a, f), v128.xor(a, g)), v128.xor(a, h))))
}

@inline
function pick<T>(row: usize, index: u32, shift: usize): v128 {
  return v128.splat<T>(load<T>(row + (<usize>index << 1) * sizeof<T>() + shift))
}

/** Pairs of x of four rows: two of one section, two of the next. */
function halveCube<T>(row0: usize, row1: usize, row2: usize, row3: usize, target: usize, length: u32): void {
  const whole = length >>> 1
  const step: u32 = 16 / sizeof<T>()
  let index: u32 = 0
  for (; index + step <= whole; index += step) {
    const offset = (<usize>index << 1) * sizeof<T>()
    const p = v128.load(row0 + offset)
    const q = v128.load(row0 + offset, 16)
    const r = v128.load(row1 + offset)
    const s = v128.load(row1 + offset, 16)
    const t = v128.load(row2 + offset)
    const u = v128.load(row2 + offset, 16)
    const v = v128.load(row3 + offset)
    const w = v128.load(row3 + offset, 16)
    const a = even<T>(p, q)
    const b = odd<T>(p, q)
    const c = even<T>(r, s)
    const d = odd<T>(r, s)
    const e = even<T>(t, u)
    const f = odd<T>(t, u)
    const g = even<T>(v, w)
    const h = odd<T>(v, w)
    v128.store(
      target + <usize>index * sizeof<T>(),
      isUniform(a, b, c, d, e, f, g, h) ? a : mostFrequent<T>(a, b, c, d, e, f, g, h))
  }
  for (const last = (length + 1) >>> 1; index < last; index++) {
    const next: usize = index < whole ? sizeof<T>() : 0
    const label = mostFrequent<T>(
      pick<T>(row0, index, 0), pick<T>(row0, index, next), pick<T>(row1, index, 0), pick<T>(row1, index, next),
      pick<T>(row2, index, 0), pick<T>(row2, index, next), pick<T>(row3, index, 0), pick<T>(row3, index, next))
    store<T>(target + <usize>index * sizeof<T>(), v128.extract_lane<T>(label, 0))
  }
}

/**
 * @param first sections one after another, or only the first one
 * @param second the second section when it lies elsewhere, else 0
 * @param factorZ @param factorY @param factorX 1 or 2, at least two of them 2
 */
@inline
function mode<T>(first: usize, second: usize, target: usize, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32): void {
  const rowBytes = <usize>length * sizeof<T>()
  const sectionBytes = <usize>rows * rowBytes
  const targetBytes = <usize>((length + factorX - 1) >>> (factorX - 1)) * sizeof<T>()
  for (let z: u32 = 0; z < sections; z += factorZ) {
    const here = first + <usize>z * sectionBytes
    const beyond = factorZ == 1 || z + 1 == sections ? here : second != 0 ? second : here + sectionBytes
    for (let y: u32 = 0; y < rows; y += factorY) {
      const up = <usize>y * rowBytes
      const down = factorY == 1 || y + 1 == rows ? up : up + rowBytes
      if (factorX == 1) voteRows<T>(here + up, here + down, beyond + up, beyond + down, target, length)
      else if (factorZ == 1) halveSquare<T>(here + up, here + down, target, length)
      else if (factorY == 1) halveSquare<T>(here + up, beyond + up, target, length)
      else halveCube<T>(here + up, here + down, beyond + up, beyond + down, target, length)
      target += targetBytes
    }
  }
}

export function mode8(first: usize, second: usize, target: usize, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32): void {
  mode<i8>(first, second, target, sections, rows, length, factorZ, factorY, factorX)
}
export function mode16(first: usize, second: usize, target: usize, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32): void {
  mode<i16>(first, second, target, sections, rows, length, factorZ, factorY, factorX)
}
export function mode32(first: usize, second: usize, target: usize, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32): void {
  mode<i32>(first, second, target, sections, rows, length, factorZ, factorY, factorX)
}
export function mode64(first: usize, second: usize, target: usize, sections: u32, rows: u32, length: u32, factorZ: u32, factorY: u32, factorX: u32): void {
  mode<i64>(first, second, target, sections, rows, length, factorZ, factorY, factorX)
}
