// Local maxima of a map: voxels that equal the maximum of the cube of half width d around them. Planes of a strip (some rows,
// all columns) come one after the other; only cubes that lie inside the strip are looked at.
//
// The maximum is separable. Along x, windows double (1, 2, 4, ... voxels) with vector operations; along y and z, the running
// maximum of van Herk (1992), Gil and Werman (1993): within blocks of w = 2 d + 1, maxima from the start and to the end of the
// block; a window is the end of one block and the start of the next. That is a constant number of operations a voxel.
//
// Memory above `heap`: room for the caller's planes, then two padded lines, one plane filtered along x, w planes that wait
// for the end of their block, the running maximum along z, and the found voxels.

let rows: u32 = 0
let width: u32 = 0
let reach: u32 = 0
let window: u32 = 0
/** Columns and rows of a filtered plane. */
let columns: u32 = 0
let lines: u32 = 0
/** Bytes between lines of filtered planes: a multiple of 16. */
let pitch: usize = 0
let planeBytes: usize = 0
let line: usize = 0
let alongX: usize = 0
let waiting: usize = 0
let running: usize = 0
let found: usize = 0
/** Planes that were pushed. */
let pushed: u32 = 0

function reserve(end: u64): bool {
  const missing = <i64>((end + 0x103ff) >> 16) - <i64>memory.size()
  return missing <= 0 || (missing < 65536 && memory.grow(<i32>missing) >= 0)
}

/** Starts a strip of planes. @returns 0 when memory ends */
export function begin(heap: usize, pieceBytes: u32, elementBytes: u32, rowCount: u32, columnCount: u32, halfWidth: u32): u32 {
  rows = rowCount
  width = columnCount
  reach = halfWidth
  window = 2 * halfWidth + 1
  columns = width - 2 * reach
  lines = rows - 2 * reach
  pushed = 0
  pitch = (<usize>columns * elementBytes + 15) & ~15
  planeBytes = pitch * lines
  line = (heap + pieceBytes + 15) & ~15
  // vector operations run past the end of a line
  alongX = line + ((<usize>width * elementBytes + 63) & ~15)
  waiting = alongX + pitch * rows
  running = waiting + planeBytes * window
  found = running + planeBytes
  return reserve(<u64>alongX + <u64>pitch * rows + <u64>planeBytes * (window + 1) + <u64>columns * lines * 4) ? 1 : 0
}

/** to = max(a, b) for lines of filtered planes. */
@inline
function maximumOf<T>(to: usize, a: usize, b: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.max<T>(v128.load(a + at), v128.load(b + at)))
}

/** The maxima of all windows of a line. */
@inline
function filterLine<T>(from: usize, to: usize): void {
  memory.copy(line, from, <usize>width * sizeof<T>())
  let covered: u32 = 1
  const bytes = <usize>width * sizeof<T>()
  while (covered * 2 <= window) {
    // only towards lower places, so that what is read has not been changed yet
    const shift = <usize>covered * sizeof<T>()
    for (let at: usize = 0; at < bytes; at += 16)
      v128.store(line + at, v128.max<T>(v128.load(line + at), v128.load(line + at + shift)))
    covered *= 2
  }
  const rest = <usize>(window - covered) * sizeof<T>()
  for (let at: usize = 0; at < pitch; at += 16)
    v128.store(to + at, v128.max<T>(v128.load(line + at), v128.load(line + at + rest)))
}

/** Filters a plane along y, in the memory of its lines, into `to`. */
@inline
function filterColumns<T>(to: usize): void {
  // ends of blocks are kept in alongX, starts of blocks run along in the line buffer
  for (let first: u32 = 0; first < rows; first += window) {
    const last = min(first + window, rows)
    if (first > 0) {
      // windows that begin in the block before, which are its ends, and end in this one
      for (let row = first; row < last; row++) {
        const own = alongX + <usize>row * pitch
        if (row == first) memory.copy(line, own, pitch)
        else maximumOf<T>(line, line, own, pitch)
        const start = row - window + 1
        // the window that ends with a block is that block
        const target = to + <usize>start * pitch
        if (start == first) memory.copy(target, line, pitch)
        else maximumOf<T>(target, alongX + <usize>start * pitch, line, pitch)
      }
    } else if (last == window) {
      // the first window is the first block
      memory.copy(line, alongX, pitch)
      for (let row: u32 = 1; row < last; row++) maximumOf<T>(line, line, alongX + <usize>row * pitch, pitch)
      memory.copy(to, line, pitch)
    }
    if (last - first == window)
      for (let row = last - 1; row > first; row--) {
        const at = alongX + <usize>row * pitch
        maximumOf<T>(at - pitch, at - pitch, at, pitch)
      }
  }
}

/** Writes which voxels of the plane in the middle of the window are its maximum and above the threshold. */
@inline
function compare<T>(middle: usize, maxima: usize, threshold: f64): u32 {
  let count: u32 = 0
  for (let row: u32 = 0; row < lines; row++) {
    const values = middle + (<usize>(row + reach) * width + reach) * sizeof<T>()
    const highest = maxima + <usize>row * pitch
    for (let x: u32 = 0; x < columns; x++) {
      const value = load<T>(values + <usize>x * sizeof<T>())
      if (value == load<T>(highest + <usize>x * sizeof<T>()) && <f64>value >= threshold) {
        store<u32>(found + (<usize>count << 2), (row + reach) * width + x + reach)
        count++
      }
    }
  }
  return count
}

/** Takes the next plane. */
@inline
function pushAs<T>(plane: usize, middle: usize, threshold: f64): u32 {
  for (let row: u32 = 0; row < rows; row++)
    filterLine<T>(plane + <usize>row * width * sizeof<T>(), alongX + <usize>row * pitch)
  const offset = pushed % window
  const slot = waiting + <usize>offset * planeBytes
  // the slot's maximum to the end of its block was used with the plane before
  filterColumns<T>(slot)
  if (offset == 0) memory.copy(running, slot, planeBytes)
  else maximumOf<T>(running, running, slot, planeBytes)
  pushed++
  let count: u32 = 0
  if (offset == window - 1) {
    count = compare<T>(middle, running, threshold)
    for (let last = window - 1; last > 0; last--) {
      const at = waiting + <usize>last * planeBytes
      maximumOf<T>(at - planeBytes, at - planeBytes, at, planeBytes)
    }
  } else if (pushed > window) {
    const start = slot + planeBytes
    maximumOf<T>(start, start, running, planeBytes)
    count = compare<T>(middle, start, threshold)
  }
  return count
}

/**
 * @param plane the next plane of the strip
 * @param middle the plane `halfWidth` before it; looked at once 2 halfWidth planes went before
 * @returns how many voxels of the middle plane are peaks
 */
export function push8(plane: usize, middle: usize, threshold: f64): u32 { return pushAs<u8>(plane, middle, threshold) }
export function push32(plane: usize, middle: usize, threshold: f64): u32 { return pushAs<f32>(plane, middle, threshold) }

/** Places of found voxels in their plane, in scan order. @param out u32 */
export function read(out: usize, count: u32): void { memory.copy(out, found, <usize>count << 2) }

@inline
function sumOf<T>(data: usize, count: u32, out: usize): void {
  let sum: f64 = 0
  let highest = <f64>load<T>(data)
  for (let index: u32 = 0; index < count; index++) {
    const value = <f64>load<T>(data + <usize>index * sizeof<T>())
    sum += value
    if (value > highest) highest = value
  }
  store<f64>(out, sum)
  store<f64>(out, highest, 8)
}

/** Sum and maximum of at least one value. @param out two f64; the sum is NaN when a value is */
export function total8(data: usize, count: u32, out: usize): void { sumOf<u8>(data, count, out) }
export function total32(data: usize, count: u32, out: usize): void { sumOf<f32>(data, count, out) }
