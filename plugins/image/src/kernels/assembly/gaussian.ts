// Separable blur of sections, y then x, in double precision. What lies between the passes has the voxels' own type; sums
// go from the outermost pair of taps, which has the smallest weight, inwards.

import { aligned, reserve } from './parts/reserve'

/** A voxel row as doubles. */
@inline
function widen<T>(from: usize, to: usize, width: u32): void {
  for (let x: u32 = 0; x < width; x++)
    store<f64>(to + (<usize>x << 3), <f64>load<T>(from + <usize>x * sizeof<T>()))
}

/** Two doubles as the voxels' type holds them. */
@inline
function rounded<T>(pair: v128): v128 {
  if (isInteger<T>()) return f64x2.trunc(pair)
  if (sizeof<T>() == 4) return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(pair))
  return pair
}

/** Sum of rows, of which `table` holds the addresses, into `line`. May write one double too many. */
@inline
function blurRows<T>(table: usize, line: usize, width: u32, weights: usize, radius: u32): void {
  const centre = load<usize>(table + <usize>radius * sizeof<usize>())
  for (let x: u32 = 0; x < width; x += 2) {
    const at = <usize>x << 3
    let sum = f64x2.mul(v128.load(centre + at), v128.load64_splat(weights))
    for (let k = radius; k > 0; k--) {
      const low = load<usize>(table + <usize>(radius - k) * sizeof<usize>())
      const high = load<usize>(table + <usize>(radius + k) * sizeof<usize>())
      const pair = f64x2.add(v128.load(low + at), v128.load(high + at))
      sum = f64x2.add(sum, f64x2.mul(pair, v128.load64_splat(weights + (<usize>k << 3))))
    }
    v128.store(line + at, rounded<T>(sum))
  }
}

@inline
function sumAlong(centre: usize, weights: usize, radius: u32): v128 {
  let sum = f64x2.mul(v128.load(centre), v128.load64_splat(weights))
  for (let k = <usize>radius << 3; k > 0; k -= 8) {
    const pair = f64x2.add(v128.load(centre - k), v128.load(centre + k))
    sum = f64x2.add(sum, f64x2.mul(pair, v128.load64_splat(weights + k)))
  }
  return sum
}

/** Weighted sums along a line that has `radius` doubles before and after its `width` ones. */
@inline
function blurLine<T>(line: usize, target: usize, width: u32, weights: usize, radius: u32): void {
  for (let x: u32 = 0; x < width; x += 2) {
    const sum = sumAlong(line + (<usize>x << 3), weights, radius)
    const at = target + <usize>x * sizeof<T>()
    store<T>(at, <T>f64x2.extract_lane(sum, 0))
    if (x + 1 < width) store<T>(at + sizeof<T>(), <T>f64x2.extract_lane(sum, 1))
  }
}

/**
 * @param source `sections` sections of `sourceRows` rows
 * @param target `sections` sections of `rows` rows
 * @param rowMap row of the source for each of the rows + 2 radius positions in y
 * @param columnMap the same for x
 * @param weights radius + 1 doubles, the middle one first
 */
@inline
function blur<T>(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  const taps: u32 = 2 * radius + 1
  const rowBytes = <usize>width * sizeof<T>()
  const stride = aligned(<usize>(width + 2) << 3)
  const table = aligned(heap)
  const ring = aligned(table + <usize>taps * sizeof<usize>())
  const line = ring + <usize>taps * stride
  reserve(line + (<usize>(width + 2 * radius + 2) << 3))
  const middle = line + (<usize>radius << 3)
  for (let section: u32 = 0; section < sections; section++) {
    const start = source + <usize>section * sourceRows * rowBytes
    for (let position: u32 = 0; position < rows + 2 * radius; position++) {
      const row = load<i32>(rowMap + (<usize>position << 2))
      widen<T>(start + <usize>row * rowBytes, ring + <usize>(position % taps) * stride, width)
      if (position < 2 * radius) continue
      const first = position - 2 * radius
      for (let tap: u32 = 0; tap < taps; tap++)
        store<usize>(table + <usize>tap * sizeof<usize>(), ring + <usize>((first + tap) % taps) * stride)
      blurRows<T>(table, middle, width, weights, radius)
      for (let x: u32 = 0; x < radius; x++) {
        const left = load<i32>(columnMap + (<usize>x << 2))
        const right = load<i32>(columnMap + (<usize>(radius + width + x) << 2))
        store<f64>(line + (<usize>x << 3), load<f64>(middle + (<usize>left << 3)))
        store<f64>(middle + (<usize>(width + x) << 3), load<f64>(middle + (<usize>right << 3)))
      }
      blurLine<T>(middle, target, width, weights, radius)
      target += rowBytes
    }
  }
}

export function uint8(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<u8>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
export function int8(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<i8>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
export function uint16(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<u16>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
export function int16(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<i16>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
export function uint32(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<u32>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
export function int32(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<i32>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
export function float32(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<f32>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
export function float64(source: usize, target: usize, sections: u32, sourceRows: u32, rows: u32, width: u32, rowMap: usize, columnMap: usize, weights: usize, radius: u32, heap: usize): void {
  blur<f64>(source, target, sections, sourceRows, rows, width, rowMap, columnMap, weights, radius, heap)
}
