// Median of a sliding box: the voxels of a vector's windows are sorted together, lane by lane. A list of the smallest
// values so far, one longer than the rank, is all that is kept.

import { aligned, reserve } from './parts/reserve'

@inline
function smaller<T>(a: v128, b: v128): v128 {
  if (isFloat<T>()) return v128.pmin<T>(a, b)
  if (sizeof<T>() == 8) return v128.bitselect(b, a, i64x2.gt_s(a, b))
  return v128.min<T>(a, b)
}

@inline
function larger<T>(a: v128, b: v128): v128 {
  if (isFloat<T>()) return v128.pmax<T>(a, b)
  if (sizeof<T>() == 8) return v128.bitselect(a, b, i64x2.gt_s(a, b))
  return v128.max<T>(a, b)
}

/** Unsigned 64-bit values compare as signed ones once their highest bit is flipped; the way there and back. */
@inline
function comparable<T>(lanes: v128): v128 {
  if (isInteger<T>() && !isSigned<T>() && sizeof<T>() == 8)
    return v128.xor(lanes, i64x2.splat(i64.MIN_VALUE))
  return lanes
}

/** The value of rank `rank` (0 is the smallest) of the windows that start at `offset` in each of the rows. */
@inline
function ranked<T>(table: usize, rowCount: u32, tapsX: u32, offset: usize, list: usize, rank: u32): v128 {
  let seen: u32 = 0
  for (let row: u32 = 0; row < rowCount; row++) {
    const from = load<usize>(table + <usize>row * sizeof<usize>()) + offset
    for (let tap: u32 = 0; tap < tapsX; tap++) {
      let value = comparable<T>(v128.load(from + <usize>tap * sizeof<T>()))
      const end = list + (<usize>(seen <= rank ? seen : rank + 1) << 4)
      for (let at = list; at < end; at += 16) {
        const held = v128.load(at)
        v128.store(at, smaller<T>(held, value))
        value = larger<T>(held, value)
      }
      if (seen <= rank) v128.store(end, value)
      seen += 1
    }
  }
  return comparable<T>(v128.load(list + (<usize>rank << 4)))
}

/** Copies rows of `width` voxels to rows of columns `columnMap`; a negative one is a voxel of 0. */
@inline
function padRows<T>(from: usize, to: usize, count: u32, width: u32, stride: usize, columnMap: usize, columns: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    for (let x: u32 = 0; x < columns; x++) {
      const column = load<i32>(columnMap + (<usize>x << 2))
      const value = column < 0 ? <T>0 : load<T>(from + <usize>column * sizeof<T>())
      store<T>(to + <usize>x * sizeof<T>(), value)
    }
    from += <usize>width * sizeof<T>()
    to += stride
  }
}

/**
 * @param source `held` sections of `sourceRows` rows
 * @param target `sections` sections of `rows` rows
 * @param sectionMap section of the source for each of the sections + tapsZ - 1 positions in z; negative: zeros
 * @param rowMap @param columnMap the same for y and x
 */
@inline
function median<T>(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  const columns = width + tapsX - 1
  const rowCount = tapsZ * tapsY
  const rank = (rowCount * tapsX) >>> 1
  const rowBytes = <usize>width * sizeof<T>()
  // vectors read beyond the end of a row
  const padded = aligned(<usize>columns * sizeof<T>() + 16)
  const stride = tapsX > 1 ? padded : rowBytes
  const table = aligned(heap)
  const list = aligned(table + <usize>rowCount * sizeof<usize>())
  const zeros = list + (<usize>(rank + 1) << 4)
  const copies = zeros + padded
  reserve(copies + (tapsX > 1 ? <usize>held * sourceRows * padded : 0) + 16)
  memory.fill(zeros, 0, padded)
  if (tapsX > 1) padRows<T>(source, copies, held * sourceRows, width, stride, columnMap, columns)
  const base = tapsX > 1 ? copies : source
  const lanes = 16 / sizeof<T>()
  for (let z: u32 = 0; z < sections; z++)
    for (let y: u32 = 0; y < rows; y++) {
      let entry = table
      for (let dz: u32 = 0; dz < tapsZ; dz++)
        for (let dy: u32 = 0; dy < tapsY; dy++) {
          const section = load<i32>(sectionMap + (<usize>(z + dz) << 2))
          const row = load<i32>(rowMap + (<usize>(y + dy) << 2))
          const inside = section >= 0 && row >= 0
          store<usize>(entry, inside ? base + (<usize>section * sourceRows + <usize>row) * stride : zeros)
          entry += sizeof<usize>()
        }
      let x: u32 = 0
      for (; x + lanes <= width; x += lanes) {
        const offset = <usize>x * sizeof<T>()
        v128.store(target + offset, ranked<T>(table, rowCount, tapsX, offset, list, rank))
      }
      if (x < width) {
        const offset = <usize>x * sizeof<T>()
        v128.store(list, ranked<T>(table, rowCount, tapsX, offset, list, rank))
        memory.copy(target + offset, list, rowBytes - offset)
      }
      target += rowBytes
    }
}

export function uint8(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<u8>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function int8(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<i8>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function uint16(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<u16>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function int16(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<i16>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function uint32(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<u32>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function int32(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<i32>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function uint64(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<u64>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function int64(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<i64>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function float32(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<f32>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
export function float64(source: usize, held: u32, sourceRows: u32, target: usize, sections: u32, rows: u32, width: u32, sectionMap: usize, rowMap: usize, columnMap: usize, tapsZ: u32, tapsY: u32, tapsX: u32, heap: usize): void {
  median<f64>(source, held, sourceRows, target, sections, rows, width, sectionMap, rowMap, columnMap, tapsZ, tapsY, tapsX, heap)
}
