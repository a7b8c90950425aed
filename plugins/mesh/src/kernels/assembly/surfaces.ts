/**
 * Surfaces of all labels in one pass: marching cubes between "this label" and "not this label" for every label that a cell of
 * 2 × 2 × 2 voxels has. Sections come one after the other; two of them are held, as numbers: 0 is what gets no surface.
 *
 * Where the labels of two neighbouring voxels differ, each of the two that has a number gets a vertex half-way between them.
 * Which vertex that is, counted within its label, stands in the slots of that edge: u32 for the label at its lower end, u32 for
 * the one at its upper end. Cells look their vertices up there, so none is made twice.
 *
 * A volume is gone through twice: to count, then, with room for what was counted, to write.
 */
import { allocate, startHeap } from './parts/heap'
import { addLabel, createLabelNumbers, LabelNumbers, numberOf } from './parts/label-numbers'

const CASE_BYTES: usize = 16
/** Three u32. */
const TRIPLE: usize = 12

let width: usize = 0
let height: usize = 0
let numbers: usize = 0
let cases: usize = 0
/** Vertices and triangles that each number has by now, u32. */
let vertexCounts: usize = 0
let triangleCounts: usize = 0
/** Where the vertices of each number begin, and where its next triangle goes; addresses as u32. */
let vertexPlaces: usize = 0
let trianglePlaces: usize = 0
let placed: u32 = 0
let nextVertices: usize = 0
let nextTriangles: usize = 0
let vertices: usize = 0
let triangles: usize = 0
/** Numbers of two sections. */
let lower: usize = 0
let upper: usize = 0
/**
 * A byte for each voxel of the two sections: whether the edge to its upper neighbour along x (1) or y (2), or to the voxel in
 * the section before (4), has different ends.
 */
let lowerFlags: usize = 0
let upperFlags: usize = 0
/** Slots of the edges of the two sections along x and y, and of those between them. */
let lowerX: usize = 0
let lowerY: usize = 0
let upperX: usize = 0
let upperY: usize = 0
let between: usize = 0
/** Addresses of the slots of a cell's edges at x = 0, as u32, by what the table of cases says. */
let bases: usize = 0
/** The numbers of a cell. */
let corners: usize = 0
/** How many sections there were. */
let sections: u32 = 0
/** z of the first one, in voxels. */
let firstZ: u32 = 0

/**
 * @param pieceBytes the most that later calls bring or take
 * @param table 256 rows of 16 bytes: the number of triangles, then their corners as 2 × edge + (1: the upper end is inside)
 * @param first z of the first section
 * @returns 0 when memory ends
 */
export function begin(table: usize, heap: usize, pieceBytes: u32, columns: u32, rows: u32, first: u32, labels: u32): u32 {
  startHeap(heap + pieceBytes)
  firstZ = first
  width = columns
  height = rows
  sections = 0
  placed = 0
  const plane = <u64>columns * rows
  numbers = createLabelNumbers(labels)
  cases = allocate(256 * CASE_BYTES)
  bases = allocate(24 * 4)
  corners = allocate(8 * 4)
  vertexCounts = allocate((<u64>labels + 1) << 2)
  triangleCounts = allocate((<u64>labels + 1) << 2)
  lower = allocate(plane << 2)
  upper = allocate(plane << 2)
  lowerFlags = allocate(plane)
  upperFlags = allocate(plane)
  lowerX = allocate(plane << 3)
  lowerY = allocate(plane << 3)
  upperX = allocate(plane << 3)
  upperY = allocate(plane << 3)
  between = allocate(plane << 3)
  if (between == 0 || upperY == 0 || triangleCounts == 0) return 0
  memory.copy(cases, table, 256 * CASE_BYTES)
  return 1
}

/** Labels that get surfaces; they are numbered from 1 on as they come. */
export function addLabels(labels: usize, count: u32): void {
  for (let index: u32 = 0; index < count; index++)
    addLabel(changetype<LabelNumbers>(numbers), load<u64>(labels + (<usize>index << 3)))
}

/** Counts of the labels numbered [from, from + count). */
export function readCounts(vertexOut: usize, triangleOut: usize, from: u32, count: u32): void {
  memory.copy(vertexOut, vertexCounts + (<usize>from << 2), <usize>count << 2)
  memory.copy(triangleOut, triangleCounts + (<usize>from << 2), <usize>count << 2)
}

/** Makes room for so many in all. @returns 0 when memory ends */
export function makeRoom(allVertices: u32, allTriangles: u32, labels: u32): u32 {
  vertices = allocate(<u64>allVertices * TRIPLE)
  triangles = allocate(<u64>allTriangles * TRIPLE)
  vertexPlaces = allocate((<u64>labels + 1) << 2)
  trianglePlaces = allocate((<u64>labels + 1) << 2)
  nextVertices = vertices
  nextTriangles = triangles
  return vertices == 0 || triangles == 0 || vertexPlaces == 0 || trianglePlaces == 0 ? 0 : 1
}

/** Shares the room out, to the labels after those that have theirs. @param vertexIn @param triangleIn u32 for each label */
export function shareRoom(vertexIn: usize, triangleIn: usize, count: u32): void {
  for (let index: usize = 0; index < <usize>count; index++) {
    placed++
    store<u32>(vertexPlaces + (<usize>placed << 2), <u32>nextVertices)
    store<u32>(trianglePlaces + (<usize>placed << 2), <u32>nextTriangles)
    nextVertices += <usize>load<u32>(vertexIn + (index << 2)) * TRIPLE
    nextTriangles += <usize>load<u32>(triangleIn + (index << 2)) * TRIPLE
  }
}

/** z y x of vertices [from, from + count) of all labels, in half voxels from the first voxel. */
export function readVertices(out: usize, from: u32, count: u32): void {
  memory.copy(out, vertices + <usize>from * TRIPLE, <usize>count * TRIPLE)
}

/** Triangles [from, from + count) of all labels; vertices are counted within their label. */
export function readTriangles(out: usize, from: u32, count: u32): void {
  memory.copy(out, triangles + <usize>from * TRIPLE, <usize>count * TRIPLE)
}

/** Adds a vertex to a number. @returns which one it is */
@inline
function addVertex(number: u32, z: u32, y: u32, x: u32, writes: bool): u32 {
  const counter = vertexCounts + (<usize>number << 2)
  const index = load<u32>(counter)
  store<u32>(counter, index + 1)
  if (writes) {
    const at = <usize>load<u32>(vertexPlaces + (<usize>number << 2)) + <usize>index * TRIPLE
    store<u32>(at, z)
    store<u32>(at, y, 4)
    store<u32>(at, x, 8)
  }
  return index
}

/** Vertices of an edge with different ends. Coordinates are half voxels. */
@inline
function cross(low: u32, high: u32, slot: usize, z: u32, y: u32, x: u32, writes: bool): void {
  if (low != 0) store<u32>(slot, addVertex(low, z, y, x, writes))
  if (high != 0) store<u32>(slot, addVertex(high, z, y, x, writes), 4)
}

/** -1 in each byte whose number differs from that at other places: 16 of them. */
@inline
function differences(numbersAt: usize, others: usize): v128 {
  const first = i16x8.narrow_i32x4_s(
    i32x4.ne(v128.load(numbersAt), v128.load(others)),
    i32x4.ne(v128.load(numbersAt, 16), v128.load(others, 16)),
  )
  const second = i16x8.narrow_i32x4_s(
    i32x4.ne(v128.load(numbersAt, 32), v128.load(others, 32)),
    i32x4.ne(v128.load(numbersAt, 48), v128.load(others, 48)),
  )
  return i8x16.narrow_i16x8_s(first, second)
}

/**
 * Flags of a row of the upper section.
 * @param behind the next row @param below the row of the lower section; both the row itself where there is none
 */
@inline
function flagRow(row: usize, behind: usize, below: usize, flags: usize): void {
  let x: usize = 0
  for (; x + 16 < width; x += 16) {
    const at = x << 2
    const alongX = v128.and(differences(row + at, row + at + 4), i8x16.splat(1))
    const alongY = v128.and(differences(row + at, behind + at), i8x16.splat(2))
    const alongZ = v128.and(differences(row + at, below + at), i8x16.splat(4))
    v128.store(flags + x, v128.or(v128.or(alongX, alongY), alongZ))
  }
  for (; x < width; x++) {
    const at = x << 2
    const number = load<u32>(row + at)
    const alongX = x + 1 < width && number != load<u32>(row + at, 4) ? 1 : 0
    const alongY = number != load<u32>(behind + at) ? 2 : 0
    const alongZ = number != load<u32>(below + at) ? 4 : 0
    store<u8>(flags + x, <u8>(alongX | alongY | alongZ))
  }
}

/** Vertices on the edges that a voxel's flags name. @param voxel its index in the section */
@inline
function crossVoxel(flags: u32, voxel: usize, z: u32, y: u32, x: u32, writes: bool): void {
  const at = upper + (voxel << 2)
  const number = load<u32>(at)
  const slot = voxel << 3
  if (flags & 1) cross(number, load<u32>(at, 4), upperX + slot, z, y, x + 1, writes)
  if (flags & 2) cross(number, load<u32>(at + (width << 2)), upperY + slot, z, y + 1, x, writes)
  if (flags & 4) cross(load<u32>(lower + (voxel << 2)), number, between + slot, z - 1, y, x, writes)
}

/** Vertices within the upper section, and between it and the lower one. */
function crossSection(writes: bool): void {
  const rowBytes = width << 2
  const z = firstZ + sections << 1
  for (let y: usize = 0; y < height; y++) {
    const row = upper + y * rowBytes
    const first = y * width
    const flags = upperFlags + first
    flagRow(row, y + 1 < height ? row + rowBytes : row, sections > 0 ? lower + y * rowBytes : row, flags)
    let x: usize = 0
    for (; x + 8 <= width; x += 8)
      for (let left = load<u64>(flags + x); left != 0; ) {
        const inner = <usize>ctz(left) >> 3
        crossVoxel(<u32>(left >> (inner << 3)) & 7, first + x + inner, z, <u32>y << 1, <u32>(x + inner) << 1, writes)
        left &= ~(<u64>0xff << (inner << 3))
      }
    for (; x < width; x++) crossVoxel(<u32>load<u8>(flags + x), first + x, z, <u32>y << 1, <u32>x << 1, writes)
  }
}

/**
 * Which of 16 cells in a row have several numbers, as bits: those with an edge that has different ends.
 * @param low @param high flags of the first voxel in both sections
 */
@inline
function mixedCells(low: usize, high: usize): u32 {
  const near = v128.or(v128.load(low), v128.load(high))
  const far = v128.or(v128.load(low + width), v128.load(high + width))
  const alongX = v128.and(v128.or(near, far), i8x16.splat(1))
  const beside = v128.or(v128.load(low + 1), v128.load(high + 1))
  const alongY = v128.and(v128.or(near, beside), i8x16.splat(2))
  const sides = v128.or(v128.load(high), v128.load(high + width))
  const otherSides = v128.or(v128.load(high + 1), v128.load(high + width + 1))
  const alongZ = v128.and(v128.or(sides, otherSides), i8x16.splat(4))
  return <u32>i8x16.bitmask(i8x16.ne(v128.or(v128.or(alongX, alongY), alongZ), i8x16.splat(0)))
}

/** Which corners of the cell at hand have a number, as bits. */
@inline
function cornersOf(number: u32): u32 {
  const wanted = i32x4.splat(<i32>number)
  const low = i32x4.bitmask(i32x4.eq(v128.load(corners), wanted))
  return <u32>low | <u32>i32x4.bitmask(i32x4.eq(v128.load(corners, 16), wanted)) << 4
}

/** Triangles of one number in a cell. @param at of the cell's slots: 8 × x */
@inline
function addTriangles(number: u32, inside: u32, at: usize, writes: bool): void {
  const entry = cases + <usize>inside * CASE_BYTES
  const count = <u32>load<u8>(entry)
  const counter = triangleCounts + (<usize>number << 2)
  store<u32>(counter, load<u32>(counter) + count)
  if (!writes) return
  const place = trianglePlaces + (<usize>number << 2)
  let out = <usize>load<u32>(place)
  const end = entry + 1 + <usize>count * 3
  for (let corner = entry + 1; corner < end; corner++) {
    const slot = <usize>load<u32>(bases + (<usize>load<u8>(corner) << 2)) + at
    store<u32>(out, load<u32>(slot))
    out += 4
  }
  store<u32>(place, <u32>out)
}

/** @param low and high: of the cell's first voxel in both sections */
@inline
function addCell(low: usize, high: usize, rowBytes: usize, at: usize, writes: bool): void {
  store<u64>(corners, load<u64>(low))
  store<u64>(corners, load<u64>(low + rowBytes), 8)
  store<u64>(corners, load<u64>(high), 16)
  store<u64>(corners, load<u64>(high + rowBytes), 24)
  const first = load<u32>(corners)
  const same = cornersOf(first)
  if (same == 255) return
  if (first != 0) addTriangles(first, same, at, writes)
  let open = 255 & ~same
  while (open != 0) {
    const number = load<u32>(corners + (<usize>ctz(open) << 2))
    const inside = cornersOf(number)
    if (number != 0) addTriangles(number, inside, at, writes)
    open &= ~inside
  }
}

/** Slots of the cell with x = 0 in a row of cells, in the order of the table's edges: along z, along y, along x. */
function setBases(y: usize): void {
  for (let edge: u32 = 0; edge < 4; edge++) {
    const along = <usize>(edge & 1)
    const across = <usize>(edge >> 1)
    setBase(edge, between + ((y + across) * width + along << 3))
    setBase(edge + 4, (across == 0 ? lowerY : upperY) + (y * width + along << 3))
    setBase(edge + 8, (across == 0 ? lowerX : upperX) + ((y + along) * width << 3))
  }
}

@inline
function setBase(edge: u32, address: usize): void {
  store<u32>(bases + (<usize>edge << 3), <u32>address)
  store<u32>(bases + (<usize>edge << 3), <u32>address + 4, 4)
}

/** Triangles in the cells between the two sections. */
function addCells(writes: bool): void {
  const rowBytes = width << 2
  for (let y: usize = 0; y + 1 < height; y++) {
    setBases(y)
    const low = lower + y * rowBytes
    const high = upper + y * rowBytes
    const lowFlags = lowerFlags + y * width
    const highFlags = upperFlags + y * width
    let x: usize = 0
    for (; x + 16 < width; x += 16)
      for (let mixed = mixedCells(lowFlags + x, highFlags + x); mixed != 0; mixed &= mixed - 1) {
        const inner = x + <usize>ctz(mixed)
        addCell(low + (inner << 2), high + (inner << 2), rowBytes, inner << 3, writes)
      }
    for (; x + 1 < width; x++) addCell(low + (x << 2), high + (x << 2), rowBytes, x << 3, writes)
  }
}

/** 16 bytes full of one label. */
@inline
function filled<T>(label: T): v128 {
  if (sizeof<T>() == 1) return i8x16.splat(<i8>label)
  if (sizeof<T>() == 2) return i16x8.splat(<i16>label)
  if (sizeof<T>() == 4) return i32x4.splat(<i32>label)
  return i64x2.splat(<i64>label)
}

/** Numbers of the labels of a section. */
@inline
function numberSection<T>(data: usize, target: usize): void {
  const voxels = width * height
  const table = changetype<LabelNumbers>(numbers)
  const atOnce: usize = 16 / sizeof<T>()
  let label: T = 0
  let number: u32 = 0
  let voxel: usize = 0
  while (voxel < voxels) {
    // sixteen bytes of the last label, the usual case
    const same = filled<T>(label)
    const result = i32x4.splat(<i32>number)
    for (; voxel + atOnce <= voxels; voxel += atOnce) {
      if (v128.any_true(v128.xor(v128.load(data + voxel * sizeof<T>()), same))) break
      const out = target + (voxel << 2)
      if (sizeof<T>() == 8) store<u64>(out, <u64>number << 32 | <u64>number)
      else v128.store(out, result)
      if (sizeof<T>() <= 2) v128.store(out, result, 16)
      if (sizeof<T>() == 1) {
        v128.store(out, result, 32)
        v128.store(out, result, 48)
      }
    }
    const end = min(voxels, voxel + atOnce)
    for (; voxel < end; voxel++) {
      const next = load<T>(data + voxel * sizeof<T>())
      if (next != label) {
        label = next
        number = next == 0 ? 0 : numberOf(table, <u64>next)
      }
      store<u32>(target + (voxel << 2), number)
    }
  }
}

/** The section after the last one. */
@inline
function takeSection<T>(data: usize, writes: bool): void {
  numberSection<T>(data, upper)
  crossSection(writes)
  if (sections > 0) addCells(writes)
  sections++
  let other = lower
  lower = upper
  upper = other
  other = lowerFlags
  lowerFlags = upperFlags
  upperFlags = other
  other = lowerX
  lowerX = upperX
  upperX = other
  other = lowerY
  lowerY = upperY
  upperY = other
}

@inline
function take<T>(data: usize, count: u32, writes: bool): void {
  for (let section: usize = 0; section < <usize>count; section++)
    takeSection<T>(data + section * width * height * sizeof<T>(), writes)
}

/** Takes the next sections. @param writes 0: vertices and triangles are counted only */
export function take8(data: usize, count: u32, writes: u32): void { take<u8>(data, count, writes != 0) }
export function take16(data: usize, count: u32, writes: u32): void { take<u16>(data, count, writes != 0) }
export function take32(data: usize, count: u32, writes: u32): void { take<u32>(data, count, writes != 0) }
export function take64(data: usize, count: u32, writes: u32): void { take<u64>(data, count, writes != 0) }
