/**
 * Compresso, stream versions 0 and 1, labels of 8 to 64 bits; decoding only. The format: https://github.com/seung-lab/compresso
 * (README, "Compresso Stream Format").
 *
 * Voxels on the border of a segment are a bit map, cut into windows of up to 64 bits. Connected pieces between borders are
 * numbered in raster order (within each slice, or in the volume), and a table gives each its label. Border voxels take the
 * label of a neighbour that is no border; where there is none, a list of locations tells.
 */

const PAGE: usize = 65536
const HEADER_BYTES: u32 = 36
/** "cpso", little endian. */
const MAGIC: u32 = 0x6f737063

const NO_HEADER: u32 = 1
const OTHER_BLOCK: u32 = 2
const IMPOSSIBLE_HEADER: u32 = 3
const TOO_SHORT: u32 = 4
const BAD_WINDOW: u32 = 5
const BAD_LABEL: u32 = 6
const BAD_LOCATION: u32 = 7

/** Locations below this are instructions, the others a label plus this. */
const FIRST_LABEL: u64 = 7

let windows: usize = 0
let borders: usize = 0
let pieces: usize = 0
let parents: usize = 0

function reserve(end: usize): void {
  const missing = <i32>((end + PAGE - 1) / PAGE) - memory.size()
  if (missing > 0) memory.grow(missing)
}

function loadWindow(at: usize, bytes: u32): u64 {
  if (bytes == 1) return load<u8>(at)
  if (bytes == 2) return load<u16>(at)
  return bytes == 4 ? load<u32>(at) : load<u64>(at)
}

/** Bytes of an entry of the index at the end of a version 1 stream. */
function indexBytes(nx: u32, ny: u32): u32 {
  const most = 2 * <u64>nx * ny
  if (most < 0xff) return 1
  if (most < 0xffff) return 2
  return most < 0xffffffff ? 4 : 8
}

/** Undoes the run lengths: every window's bits, in raster order. */
function expandWindows(
  source: usize, count: u64, bytes: u32, values: usize, valueCount: u32, windowCount: u32,
): bool {
  memory.fill(windows, 0, (<usize>windowCount) << 3)
  // no values: no borders
  if (valueCount == 0) return true
  let at: u64 = 0
  // windows that are not mentioned are number 0
  const first = loadWindow(values, bytes)
  if (first != 0) for (let index: u32 = 0; index < windowCount; index++) store<u64>(windows + ((<usize>index) << 3), first)
  for (let index: u64 = 0; index < count; index++) {
    const code = loadWindow(source + <usize>(index * bytes), bytes)
    const number = code >> 1
    if ((code & 1) != 0) {
      at += number
      if (at > windowCount) return false
      continue
    }
    if (at >= windowCount || number >= valueCount) return false
    store<u64>(windows + <usize>(at << 3), loadWindow(values + <usize>(number * bytes), bytes))
    at += 1
  }
  return true
}

/** One byte a voxel: 1 on borders. */
function expandBorders(nz: u32, ny: u32, nx: u32, stepZ: u32, stepY: u32, stepX: u32): void {
  const gridX = (nx + stepX - 1) / stepX
  const gridY = (ny + stepY - 1) / stepY
  let target = borders
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      let window = windows + ((<usize>((z / stepZ) * gridY + y / stepY) * gridX) << 3)
      const bit = stepX * stepY * (z % stepZ) + stepX * (y % stepY)
      for (let x: u32 = 0; x < nx; x += stepX, window += 8) {
        let bits = load<u64>(window) >> bit
        const end = min(x + stepX, nx)
        for (let at = x; at < end; at++, bits >>= 1) store<u8>(target++, <u8>(bits & 1))
      }
    }
}

function root(piece: u32): u32 {
  let at = piece
  let parent = load<u32>(parents + ((<usize>at) << 2))
  while (parent != at) {
    const next = load<u32>(parents + ((<usize>parent) << 2))
    store<u32>(parents + ((<usize>at) << 2), next)
    at = parent
    parent = next
  }
  return at
}

/** The earlier piece stays the root: numbers follow the first voxels in raster order. */
function unite(left: u32, right: u32): u32 {
  const a = root(left)
  const b = root(right)
  const low = min(a, b)
  store<u32>(parents + ((<usize>max(a, b)) << 2), low)
  return low
}

/**
 * Labels the voxels between borders in `depth` slices whose neighbours count.
 * @returns how many pieces there are; 2^32 - 1 when the table of labels is too short
 */
function labelPieces<T>(
  border: usize, target: usize, depth: u32, ny: u32, nx: u32, ids: usize, idCount: u64, first: u32,
): u32 {
  const plane = ny * nx
  let count: u32 = 0
  let at: u32 = 0
  for (let z: u32 = 0; z < depth; z++)
    for (let y: u32 = 0; y < ny; y++)
      for (let x: u32 = 0; x < nx; x++, at++) {
        if (load<u8>(border + at) != 0) continue
        let piece: u32 = 0xffffffff
        if (x > 0 && load<u8>(border + at - 1) == 0) piece = load<u32>(pieces + ((<usize>(at - 1)) << 2))
        if (y > 0 && load<u8>(border + at - nx) == 0) {
          const other = load<u32>(pieces + ((<usize>(at - nx)) << 2))
          piece = piece == 0xffffffff || piece == other ? other : unite(piece, other)
        }
        if (z > 0 && load<u8>(border + at - plane) == 0) {
          const other = load<u32>(pieces + ((<usize>(at - plane)) << 2))
          piece = piece == 0xffffffff || piece == other ? other : unite(piece, other)
        }
        if (piece == 0xffffffff) {
          piece = count++
          store<u32>(parents + ((<usize>piece) << 2), piece)
        }
        store<u32>(pieces + ((<usize>at) << 2), piece)
      }
  // roots come before their children: one pass turns parents into final numbers
  let final: u32 = 0
  for (let piece: u32 = 0; piece < count; piece++) {
    const address = parents + ((<usize>piece) << 2)
    const parent = load<u32>(address)
    store<u32>(address, parent == piece ? final++ : load<u32>(parents + ((<usize>parent) << 2)))
  }
  if (<u64>first + final > idCount) return 0xffffffff
  const table = ids + (<usize>first) * sizeof<T>()
  for (let index: u32 = 0; index < at; index++) {
    if (load<u8>(border + index) != 0) continue
    const number = load<u32>(parents + ((<usize>load<u32>(pieces + ((<usize>index) << 2))) << 2))
    store<T>(target + (<usize>index) * sizeof<T>(), load<T>(table + (<usize>number) * sizeof<T>()))
  }
  return final
}

/** Labels the border voxels. */
function labelBorders<T>(
  target: usize, nz: u32, ny: u32, nx: u32, locations: usize, locationCount: u64, inVolume: bool,
): u32 {
  const plane = ny * nx
  let location: u64 = 0
  let at: u32 = 0
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++)
      for (let x: u32 = 0; x < nx; x++, at++) {
        if (load<u8>(borders + at) == 0) continue
        let from: u32
        if (x > 0 && load<u8>(borders + at - 1) == 0) from = at - 1
        else if (y > 0 && load<u8>(borders + at - nx) == 0) from = at - nx
        else if (inVolume && z > 0 && load<u8>(borders + at - plane) == 0) from = at - plane
        else {
          if (location >= locationCount) return BAD_LOCATION
          const code = <u64>load<T>(locations + <usize>location * sizeof<T>())
          location += 1
          if (code == 0 && x > 0) from = at - 1
          else if (code == 1 && x + 1 < nx) from = at + 1
          else if (code == 2 && y > 0) from = at - nx
          else if (code == 3 && y + 1 < ny) from = at + nx
          else if (code == 4 && z > 0) from = at - plane
          else if (code == 5 && z + 1 < nz) from = at + plane
          else {
            let label = code - FIRST_LABEL
            if (code < FIRST_LABEL) {
              if (code != FIRST_LABEL - 1 || location >= locationCount) return BAD_LOCATION
              label = <u64>load<T>(locations + <usize>location * sizeof<T>())
              location += 1
            }
            store<T>(target + (<usize>at) * sizeof<T>(), <T>label)
            continue
          }
        }
        store<T>(target + (<usize>at) * sizeof<T>(), load<T>(target + (<usize>from) * sizeof<T>()))
      }
  return 0
}

function decode<T>(source: usize, length: u32, target: usize, nz: u32, ny: u32, nx: u32, heap: usize): u32 {
  if (length < HEADER_BYTES || load<u32>(source) != MAGIC || load<u8>(source, 4) > 1) return NO_HEADER
  const version = <u32>load<u8>(source, 4)
  if (
    load<u8>(source, 5) != sizeof<T>() ||
    load<u16>(source, 6) != nx || load<u16>(source, 8) != ny || load<u16>(source, 10) != nz
  )
    return OTHER_BLOCK
  const stepX = <u32>load<u8>(source, 12)
  const stepY = <u32>load<u8>(source, 13)
  const stepZ = <u32>load<u8>(source, 14)
  const connectivity = <u32>load<u8>(source, 35)
  const bits = stepX * stepY * stepZ
  if (bits == 0 || bits > 64 || (connectivity != 4 && connectivity != 6)) return IMPOSSIBLE_HEADER
  const windowBytes: u32 = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8
  const idCount = load<u64>(source, 15)
  const valueCount = load<u32>(source, 23)
  const locationCount = load<u64>(source, 27)
  if (idCount > length || valueCount > length || locationCount > length) return TOO_SHORT
  const tail: u64 = version == 1 ? 2 * <u64>nz * indexBytes(nx, ny) : 0
  const fixed = <u64>HEADER_BYTES + (idCount + locationCount) * sizeof<T>() + <u64>valueCount * windowBytes + tail
  if (fixed > length) return TOO_SHORT

  const ids = source + HEADER_BYTES
  const values = ids + <usize>idCount * sizeof<T>()
  const locations = values + (<usize>valueCount) * windowBytes
  const runs = locations + <usize>locationCount * sizeof<T>()
  const windowCount = ((nz + stepZ - 1) / stepZ) * ((ny + stepY - 1) / stepY) * ((nx + stepX - 1) / stepX)
  const voxels = nz * ny * nx
  const together = connectivity == 6 ? voxels : ny * nx
  windows = heap
  borders = windows + ((<usize>windowCount) << 3)
  pieces = borders + ((<usize>voxels + 15) & ~15)
  parents = pieces + ((<usize>together) << 2)
  reserve(parents + ((<usize>together) << 2))

  const runCount = (<u64>length - fixed) / windowBytes
  if (!expandWindows(runs, runCount, windowBytes, values, valueCount, windowCount)) return BAD_WINDOW
  expandBorders(nz, ny, nx, stepZ, stepY, stepX)
  memory.fill(target, 0, (<usize>voxels) * sizeof<T>())
  let first: u32 = 0
  for (let z: u32 = 0; z < nz; z += together / (ny * nx)) {
    const start = <usize>z * ny * nx
    const depth = together / (ny * nx)
    const found = labelPieces<T>(borders + start, target + start * sizeof<T>(), depth, ny, nx, ids, idCount, first)
    if (found == 0xffffffff) return BAD_LABEL
    first += found
  }
  return labelBorders<T>(target, nz, ny, nx, locations, locationCount, connectivity == 6)
}

/**
 * @returns 0, or what is wrong: 1 no header, 2 header of another block, 3 impossible header, 4 too short, 5 a window, 6 the
 * table of labels is too short, 7 a location
 */
export function decode8(source: usize, length: u32, target: usize, nz: u32, ny: u32, nx: u32, heap: usize): u32 {
  return decode<u8>(source, length, target, nz, ny, nx, heap)
}

export function decode16(source: usize, length: u32, target: usize, nz: u32, ny: u32, nx: u32, heap: usize): u32 {
  return decode<u16>(source, length, target, nz, ny, nx, heap)
}

export function decode32(source: usize, length: u32, target: usize, nz: u32, ny: u32, nx: u32, heap: usize): u32 {
  return decode<u32>(source, length, target, nz, ny, nx, heap)
}

export function decode64(source: usize, length: u32, target: usize, nz: u32, ny: u32, nx: u32, heap: usize): u32 {
  return decode<u64>(source, length, target, nz, ny, nx, heap)
}
