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

/**
 * Vertices between the voxels of a row and as many others: their neighbours along an axis.
 * @param slots of the first edge
 * @param x of the first edge, in half voxels as y and z
 */
@inline
function crossRow(row: usize, others: usize, count: usize, slots: usize, z: u32, y: u32, x: u32, writes: bool): void {
  let at: usize = 0
  for (; at + 4 <= count; at += 4) {
    const same = i32x4.eq(v128.load(row + (at << 2)), v128.load(others + (at << 2)))
    for (let different = ~i32x4.bitmask(same) & 15; different != 0; different &= different - 1) {
      const inner = at + <usize>ctz(different)
      const low = load<u32>(row + (inner << 2))
      const high = load<u32>(others + (inner << 2))
      cross(low, high, slots + (inner << 3), z, y, x + (<u32>inner << 1), writes)
    }
  }
  for (; at < count; at++) {
    const low = load<u32>(row + (at << 2))
    const high = load<u32>(others + (at << 2))
    if (low != high) cross(low, high, slots + (at << 3), z, y, x + (<u32>at << 1), writes)
  }
}

/** Vertices within the upper section, and between it and the lower one. */
function crossSection(writes: bool): void {
  const rowBytes = width << 2
  const z = firstZ + sections << 1
  for (let y: usize = 0; y < height; y++) {
    const row = upper + y * rowBytes
    const slots = y * width << 3
    crossRow(row, row + 4, width - 1, upperX + slots, z, <u32>y << 1, 1, writes)
    if (y + 1 < height) crossRow(row, row + rowBytes, width, upperY + slots, z, (<u32>y << 1) + 1, 0, writes)
    if (sections > 0) crossRow(lower + y * rowBytes, row, width, between + slots, z - 1, <u32>y << 1, 0, writes)
  }
}

/** Which of four cells in a row have several numbers, as bits. */
@inline
function mixedCells(low: usize, high: usize, rowBytes: usize): i32 {
  const first = v128.load(low)
  const behind = v128.and(i32x4.eq(first, v128.load(low + rowBytes)), i32x4.eq(first, v128.load(low + rowBytes + 4)))
  const above = v128.and(i32x4.eq(first, v128.load(high)), i32x4.eq(first, v128.load(high + 4)))
  const far = v128.and(i32x4.eq(first, v128.load(high + rowBytes)), i32x4.eq(first, v128.load(high + rowBytes + 4)))
  const beside = i32x4.eq(first, v128.load(low + 4))
  return ~i32x4.bitmask(v128.and(v128.and(behind, above), v128.and(far, beside))) & 15
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
    let x: usize = 0
    for (; x + 4 < width; x += 4)
      for (let mixed = mixedCells(low + (x << 2), high + (x << 2), rowBytes); mixed != 0; mixed &= mixed - 1) {
        const inner = x + <usize>ctz(mixed)
        addCell(low + (inner << 2), high + (inner << 2), rowBytes, inner << 3, writes)
      }
    for (; x + 1 < width; x++) addCell(low + (x << 2), high + (x << 2), rowBytes, x << 3, writes)
  }
}

/** The section after the last one. */
@inline
function takeSection<T>(data: usize, writes: bool): void {
  const voxels = width * height
  const table = changetype<LabelNumbers>(numbers)
  let label: T = 0
  let number: u32 = 0
  for (let voxel: usize = 0; voxel < voxels; voxel++) {
    const next = load<T>(data + voxel * sizeof<T>())
    if (next != label) {
      label = next
      number = next == 0 ? 0 : numberOf(table, <u64>next)
    }
    store<u32>(upper + (voxel << 2), number)
  }
  crossSection(writes)
  if (sections > 0) addCells(writes)
  sections++
  let other = lower
  lower = upper
  upper = other
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
