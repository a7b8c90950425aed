// TEASAR (Sato et al. 2000) for one object: the centre lines of all its connected parts.
//
// The object's box, with a border of one voxel, has a map of 32-bit numbers: 0 for what is not the object, else the number of the
// voxel, from 1 on in scan order. Everything else has one entry a voxel of the object: thin objects in large boxes take little. Memory above `heap`: room
// for the caller's pieces, the map, then the tables.

import { reserve } from './parts/memory'

let depth: u32 = 0
let height: u32 = 0
let width: u32 = 0
/** Voxels from one row of the map, and from one plane, to the next. */
let rowStep: u32 = 0
let planeStep: u32 = 0
/** Place of the box's first voxel in the map. */
let corner: u32 = 0
let voxels: u32 = 0
let map: usize = 0

/** Tables with one entry a voxel; entry 0 is not used. u32: places in the map. */
let place: usize = 0
/** f64: squared distances to the surface, then distances along ways, then costs of the ways to what is a line already. */
let costs: usize = 0
/** f64: how far voxels are outside of the balls around lines. */
let covers: usize = 0
/** f32: nm to the surface. */
let surface: usize = 0
/** f32: nm from the root, then the penalty; negative before a voxel is reached. */
let fromRoot: usize = 0
/** u32: voxels of a part in the order of their distance from the root, to within one step. */
let order: usize = 0
/** u32: the voxel whose ball reached this one. */
let ball: usize = 0
/** u32: number of the vertex at a voxel, from 1 on. */
let vertexAt: usize = 0
/** u8: the neighbour on the way to the root, 0 to 25, and 255. */
let parent: usize = 0
/** A heap of voxels ordered by `costs`, and the place of each in it, from 1 on. */
let heap: usize = 0
let heapPlace: usize = 0
let heapSize: u32 = 0
/** u32, u32, u8: voxels from which balls spread on, as lists by `covers`, and whether a voxel is in one. */
let spreadNext: usize = 0
let spreadBefore: usize = 0
let isSpreading: usize = 0
let end: usize = 0

let vertices: u32 = 0
let edges: u32 = 0
let vertexTable: usize = 0
let edgeTable: usize = 0

/** Size of a voxel, nm. */
let sizeZ: f64 = 1
let sizeY: f64 = 1
let sizeX: f64 = 1

/** Steps to the 26 neighbours in the map, i32, and their lengths in nm. */
const STEPS: usize = memory.data(26 * 4, 16)
const LENGTHS: usize = memory.data(26 * 8, 16)

const NONE: u8 = 255
/** Marks a target that a line has reached. */
const DONE: u32 = 0xffffffff

@inline function getU32(table: usize, index: u32): u32 { return load<u32>(table + (<usize>index << 2)) }
@inline function setU32(table: usize, index: u32, value: u32): void { store<u32>(table + (<usize>index << 2), value) }
@inline function getF32(table: usize, index: u32): f32 { return load<f32>(table + (<usize>index << 2)) }
@inline function setF32(table: usize, index: u32, value: f32): void { store<f32>(table + (<usize>index << 2), value) }
@inline function getF64(table: usize, index: u32): f64 { return load<f64>(table + (<usize>index << 3)) }
@inline function setF64(table: usize, index: u32, value: f64): void { store<f64>(table + (<usize>index << 3), value) }

/** Starts with an empty box. @returns 0 when memory ends */
export function begin(heapStart: usize, pieceBytes: u32, boxDepth: u32, boxHeight: u32, boxWidth: u32): u32 {
  depth = boxDepth
  height = boxHeight
  width = boxWidth
  rowStep = width + 2
  planeStep = rowStep * (height + 2)
  corner = planeStep + rowStep + 1
  voxels = 0
  vertices = 0
  edges = 0
  map = (heapStart + pieceBytes + 15) & ~15
  const bytes = mapBytes()
  if (!reserve(<u64>map + bytes)) return 0
  memory.fill(map, 0, <usize>bytes)
  end = map + <usize>bytes
  return 1
}

const mapBytes = (): u64 => (<u64>depth + 2) * (height + 2) * (width + 2) * 4

@inline
function markAs<T>(labels: usize, wanted: T, first: u32, count: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const line = labels + <usize>row * width * sizeof<T>()
    const at = corner + ((first + row) / height) * planeStep + ((first + row) % height) * rowStep
    for (let x: u32 = 0; x < width; x++)
      if (load<T>(line + <usize>x * sizeof<T>()) == wanted) setU32(map, at + x, ++voxels)
  }
}

/** Takes the labels of rows [first, first + count) of the box, in scan order. The wanted one comes as two words. */
export function mark8(labels: usize, low: u32, _high: u32, first: u32, count: u32): void { markAs<u8>(labels, <u8>low, first, count) }
export function mark16(labels: usize, low: u32, _high: u32, first: u32, count: u32): void { markAs<u16>(labels, <u16>low, first, count) }
export function mark32(labels: usize, low: u32, _high: u32, first: u32, count: u32): void { markAs<u32>(labels, low, first, count) }
export function mark64(labels: usize, low: u32, high: u32, first: u32, count: u32): void {
  markAs<u64>(labels, <u64>low | (<u64>high << 32), first, count)
}

/** @returns where the next table begins */
@inline
function table(bytes: usize): usize {
  const at = (end + 15) & ~15
  end = at + bytes * (<usize>voxels + 1)
  return at
}

/** Where the tables end, or would end if addresses had more than 32 bits. */
const tablesEnd = (): u64 => <u64>map + mapBytes() + (<u64>voxels + 1) * 58 + 14 * 16

/**
 * Makes the tables, and finds how far each voxel is from the surface.
 * @param beyond bits 0 to 5: what lies before and behind the box along z, y and x is known not to be the object
 * @returns how many voxels the object has; 0 when there are none, or when memory ends
 */
export function measure(nmZ: f64, nmY: f64, nmX: f64, beyond: u32): u32 {
  sizeZ = nmZ
  sizeY = nmY
  sizeX = nmX
  costs = table(8)
  covers = table(8)
  place = table(4)
  surface = table(4)
  fromRoot = table(4)
  order = table(4)
  ball = table(4)
  vertexAt = table(4)
  heap = table(4)
  heapPlace = table(4)
  spreadNext = table(4)
  spreadBefore = table(4)
  parent = table(1)
  isSpreading = table(1)
  if (voxels == 0 || tablesEnd() >= 0xffff0000 || !reserveLines()) return 0
  memory.fill(costs, 0, end - costs)
  const total = planeStep * (depth + 1)
  for (let at = planeStep; at < total; at++) {
    const voxel = getU32(map, at)
    if (voxel != 0) setU32(place, voxel, at)
  }
  fillSteps()
  // an object that fills all there is has the border of the box as its surface
  measureAll(beyond)
  if (getF64(costs, 1) == Infinity) measureAll(63)
  for (let voxel: u32 = 1; voxel <= voxels; voxel++) setF32(surface, voxel, <f32>sqrt(getF64(costs, voxel)))
  return voxels
}

function fillSteps(): void {
  let step: usize = 0
  for (let z: i32 = -1; z <= 1; z++)
    for (let y: i32 = -1; y <= 1; y++)
      for (let x: i32 = -1; x <= 1; x++) {
        if (z == 0 && y == 0 && x == 0) continue
        store<i32>(STEPS + step * 4, z * <i32>planeStep + y * <i32>rowStep + x)
        const dz = <f64>z * sizeZ
        const dy = <f64>y * sizeY
        const dx = <f64>x * sizeX
        store<f64>(LENGTHS + step * 8, sqrt(dz * dz + dy * dy + dx * dx))
        step++
      }
}

// -- distance to the surface: Felzenszwalb and Huttenlocher (2012), along one axis after the other ------------------------

/** Squared distances of all voxels. A run of object voxels between two others depends on nothing beyond them. */
function measureAll(beyond: u32): void {
  for (let voxel: u32 = 1; voxel <= voxels; voxel++) setF64(costs, voxel, Infinity)
  for (let z: u32 = 0; z < depth; z++)
    for (let y: u32 = 0; y < height; y++)
      measureLine(corner + z * planeStep + y * rowStep, 1, width, sizeX, beyond >> 4)
  for (let z: u32 = 0; z < depth; z++)
    for (let x: u32 = 0; x < width; x++) measureLine(corner + z * planeStep + x, rowStep, height, sizeY, beyond >> 2)
  for (let y: u32 = 0; y < height; y++)
    for (let x: u32 = 0; x < width; x++) measureLine(corner + y * rowStep + x, planeStep, depth, sizeZ, beyond)
}

@inline
function measureLine(first: u32, step: u32, length: u32, size: f64, beyond: u32): void {
  let index: u32 = 0
  while (index < length) {
    if (getU32(map, first + index * step) == 0) {
      index++
      continue
    }
    const from = index
    while (index < length && getU32(map, first + index * step) != 0) index++
    measureRun(first + from * step, step, index - from, size, from > 0 || (beyond & 1) != 0, index < length || (beyond & 2) != 0)
  }
}

/** Heights at a place of a run; beyond its ends the surface, of height 0. */
@inline
function heightAt(index: i32): f64 { return getF64(heights, <u32>index) }

/** Behind the tables lies memory for one line, then the buckets; then vertices. */
let heights: usize = 0
let parabolas: usize = 0
let starts: usize = 0

function reserveLines(): bool {
  const length = <usize>max(max(depth, height), width) + 2
  heights = (end + 15) & ~15
  starts = heights + (length << 3)
  parabolas = starts + (length << 3)
  buckets = parabolas + (length << 2)
  measureBuckets()
  if (!reserve(<u64>buckets + (<u64>bucketCount << 2) + 64)) return false
  memory.fill(buckets, 0, <usize>bucketCount << 2)
  return true
}

/** The lower envelope of the parabolas that stand on the squared distances of a run and on its ends. */
function measureRun(first: u32, step: u32, length: u32, size: f64, before: bool, behind: bool): void {
  const weight = size * size
  // places 0 and length + 1 are the ends
  setF64(heights, 0, before ? 0 : Infinity)
  setF64(heights, length + 1, behind ? 0 : Infinity)
  for (let index: u32 = 0; index < length; index++)
    setF64(heights, index + 1, getF64(costs, getU32(map, first + index * step)))
  let count: i32 = 0
  for (let at: i32 = 0; at < <i32>length + 2; at++) {
    const own = heightAt(at)
    if (own == Infinity) continue
    let start: f64 = -Infinity
    while (count > 0) {
      const other = <i32>getU32(parabolas, count - 1)
      start = (own - heightAt(other) + weight * (<f64>at * <f64>at - <f64>other * <f64>other)) / (2 * weight * <f64>(at - other))
      if (start > getF64(starts, count - 1)) break
      count--
      start = -Infinity
    }
    setU32(parabolas, count, at)
    setF64(starts, count, start)
    count++
  }
  if (count == 0) return
  let lowest: i32 = 0
  for (let index: u32 = 0; index < length; index++) {
    const at = <f64>(index + 1)
    while (lowest + 1 < count && getF64(starts, lowest + 1) < at) lowest++
    const other = <i32>getU32(parabolas, lowest)
    const away = at - <f64>other
    setF64(costs, getU32(map, first + index * step), heightAt(other) + weight * away * away)
  }
}

/** Distances to the surface of voxels [from, from + count), in scan order. @param out f32 */
export function readSurface(out: usize, from: u32, count: u32): void {
  memory.copy(out, surface + (<usize>(from + 1) << 2), <usize>count << 2)
}

// -- a heap of voxels by cost, four children each -----------------------------------------------------------------------

/** Moves a voxel up from a free place. */
@inline
function rise(voxel: u32, at: u32): void {
  const key = getF64(costs, voxel)
  while (at > 1) {
    const above = (at + 2) >> 2
    const other = getU32(heap, above)
    if (getF64(costs, other) <= key) break
    setU32(heap, at, other)
    setU32(heapPlace, other, at)
    at = above
  }
  setU32(heap, at, voxel)
  setU32(heapPlace, voxel, at)
}

/** Puts a voxel whose cost became smaller in, or in order. */
@inline
function push(voxel: u32): void {
  const at = getU32(heapPlace, voxel)
  rise(voxel, at != 0 ? at : ++heapSize)
}

/** Takes the voxel of the least cost out. */
function pop(): u32 {
  const first = getU32(heap, 1)
  setU32(heapPlace, first, 0)
  const voxel = getU32(heap, heapSize--)
  if (heapSize == 0) return first
  const key = getF64(costs, voxel)
  let at: u32 = 1
  while (true) {
    const child: u32 = 4 * at - 2
    if (child > heapSize) break
    let least = child
    let leastKey = getF64(costs, getU32(heap, child))
    const last = min(child + 3, heapSize)
    for (let other = child + 1; other <= last; other++) {
      const otherKey = getF64(costs, getU32(heap, other))
      if (otherKey < leastKey) {
        least = other
        leastKey = otherKey
      }
    }
    if (leastKey >= key) break
    const moved = getU32(heap, least)
    setU32(heap, at, moved)
    setU32(heapPlace, moved, at)
    at = least
  }
  setU32(heap, at, voxel)
  setU32(heapPlace, voxel, at)
  return first
}

// -- paths -------------------------------------------------------------------------------------------------------------------

/** The neighbour of a place in a direction, or 0. */
@inline
function neighbour(at: u32, step: u32): u32 {
  return getU32(map, at + load<i32>(STEPS + (<usize>step << 2)))
}

/** The box's coordinates of a place in the map. */
@inline function zOf(at: u32): i32 { return <i32>(at / planeStep) - 1 }
@inline function yOf(at: u32): i32 { return <i32>(at % planeStep / rowStep) - 1 }
@inline function xOf(at: u32): i32 { return <i32>(at % planeStep % rowStep) - 1 }
/** The place in the box, in scan order. */
function placeInBox(voxel: u32): u32 {
  const at = getU32(place, voxel)
  return <u32>((zOf(at) * height + yOf(at)) * width + xOf(at))
}

/** The farthest voxel of the last walk. */
let farthest: u32 = 0

/**
 * Distances of a part from a voxel along the object, exactly (Dijkstra 1959). Voxels that wait lie in a circle of buckets that
 * are narrower than the shortest step: those of one bucket cannot change each other (Dial 1969; Denardo and Fox 1979), so that no
 * order is needed inside it. Buckets are lists in both directions, in the memory of the heap.
 * @param first where in `order` its voxels are listed as they are reached
 * @returns how many there are
 */
function walk(from: u32, first: u32): u32 {
  let count: u32 = 0
  let waiting: u32 = 1
  let current: u32 = 0
  farthest = from
  setF64(costs, from, 0)
  insert(from, 0)
  while (waiting > 0) {
    let voxel = getU32(buckets, current)
    if (voxel == 0) {
      current = current + 1 == bucketCount ? 0 : current + 1
      continue
    }
    take(voxel, current)
    waiting--
    setU32(order, first + count++, voxel)
    const so = getF64(costs, voxel)
    if (so > getF64(costs, farthest)) farthest = voxel
    const at = getU32(place, voxel)
    for (let step: u32 = 0; step < 26; step++) {
      const other = neighbour(at, step)
      if (other == 0) continue
      const far = so + load<f64>(LENGTHS + (<usize>step << 3))
      const before = getF64(costs, other)
      if (far >= before) continue
      const bucket = bucketOf(far)
      setF64(costs, other, far)
      if (before == Infinity) waiting++
      else {
        const old = bucketOf(before)
        if (old == bucket) continue
        take(other, old)
      }
      insert(other, bucket)
    }
  }
  return count
}

let buckets: usize = 0
let bucketCount: u32 = 0
let perBucket: f64 = 0

/** Chooses the width of buckets; steps along an axis on which the box has one voxel do not happen. */
function measureBuckets(): void {
  let shortest: f64 = Infinity
  let square: f64 = 0
  if (depth > 1) { shortest = min(shortest, sizeZ); square += sizeZ * sizeZ }
  if (height > 1) { shortest = min(shortest, sizeY); square += sizeY * sizeY }
  if (width > 1) { shortest = min(shortest, sizeX); square += sizeX * sizeX }
  if (shortest == Infinity) shortest = 1
  // a little narrower, so that rounding puts nothing one step on into the same bucket
  perBucket = 1 / (0.999 * shortest)
  bucketCount = <u32>(sqrt(square) * perBucket) + 3
}

@inline function bucketOf(far: f64): u32 { return <u32>(<u64>(far * perBucket) % bucketCount) }

@inline
function insert(voxel: u32, bucket: u32): void {
  const next = getU32(buckets, bucket)
  setU32(heap, voxel, next)
  if (next != 0) setU32(heapPlace, next, voxel)
  setU32(heapPlace, voxel, 0)
  setU32(buckets, bucket, voxel)
}

@inline
function take(voxel: u32, bucket: u32): void {
  const next = getU32(heap, voxel)
  const before = getU32(heapPlace, voxel)
  if (next != 0) setU32(heapPlace, next, before)
  if (before == 0) setU32(buckets, bucket, next)
  else setU32(heap, before, next)
  setU32(heapPlace, voxel, 0)
}

let penaltyScale: f64 = 0
let penaltyExponent: f64 = 0
let ballScale: f64 = 0
let ballConstant: f64 = 0

/** For a whole exponent a product, as is usual. */
@inline
function power(base: f64): f64 {
  const whole = <u32>penaltyExponent
  if (<f64>whole != penaltyExponent) return Math.pow(base, penaltyExponent)
  let result: f64 = 1
  let factor = base
  for (let bits = whole; bits != 0; bits >>= 1) {
    if ((bits & 1) != 0) result *= factor
    factor *= factor
  }
  return result
}

/**
 * The penalised distance field of a part: high near the surface, and a little higher the farther from the root. It takes the
 * place of the distances from the root.
 */
function penalise(first: u32, count: u32): void {
  let deepest: f64 = 0
  for (let index: u32 = 0; index < count; index++)
    deepest = max(deepest, <f64>getF32(surface, getU32(order, first + index)))
  // slightly more than the deepest, so that no way is free
  const byDeepest = 1 / (deepest * 1.01)
  const longest = <f64>getF32(fromRoot, farthest)
  const byFarthest = longest > 0 ? 1 / longest : 0
  for (let index: u32 = 0; index < count; index++) {
    const voxel = getU32(order, first + index)
    const shallow = 1 - <f64>getF32(surface, voxel) * byDeepest
    setF32(fromRoot, voxel, <f32>(penaltyScale * power(shallow) + <f64>getF32(fromRoot, voxel) * byFarthest))
  }
}

/**
 * The cheapest way from a voxel to what is a line already: a step costs its length times the penalty of the voxel it comes from.
 * The heap is left as it is then, for the next voxel: ways that cost more may never be looked at.
 */
function findWay(target: u32): void {
  while (heapSize > 0) {
    const voxel = getU32(heap, 1)
    if (voxel == target) return
    pop()
    const so = getF64(costs, voxel)
    // all that waits costs more
    if (so > getF64(costs, target)) {
      push(voxel)
      return
    }
    const at = getU32(place, voxel)
    for (let step: u32 = 0; step < 26; step++) {
      const other = neighbour(at, step)
      if (other == 0) continue
      const cost = so + load<f64>(LENGTHS + (<usize>step << 3)) * <f64>getF32(fromRoot, other)
      if (cost < getF64(costs, other)) {
        setF64(costs, other, cost)
        // back again
        store<u8>(parent + other, <u8>(25 - step))
        push(other)
      }
    }
  }
}

/** Heads of the lists: the lowest `covers` come first. */
let fronts: usize = 0
let frontCount: u32 = 0
let perFront: f64 = 0
let largestBall: f64 = 0
let lowestFront: u32 = 0
let spreading: u32 = 0

/** Lists of about one step, no more than a million. @returns where the memory for them ends */
function measureFronts(at: usize): usize {
  let deepest: f64 = 0
  for (let voxel: u32 = 1; voxel <= voxels; voxel++) deepest = max(deepest, <f64>getF32(surface, voxel))
  largestBall = ballScale * deepest + ballConstant
  perFront = largestBall > 0 ? min(perBucket, 1048576 / largestBall) : 1
  frontCount = <u32>(largestBall * perFront) + 2
  fronts = at
  return at + (<usize>frontCount << 2)
}

@inline function frontOf(outside: f64): u32 { return <u32>max(0, (outside + largestBall) * perFront) }

/** A ball reaches farther beyond a voxel than those that are known. */
@inline
function cover(voxel: u32, outside: f64, middle: u32): void {
  if (load<u8>(isSpreading + voxel) != 0) {
    const next = getU32(spreadNext, voxel)
    const before = getU32(spreadBefore, voxel)
    if (next != 0) setU32(spreadBefore, next, before)
    if (before == 0) setU32(fronts, frontOf(getF64(covers, voxel)), next)
    else setU32(spreadNext, before, next)
  } else spreading++
  store<u8>(isSpreading + voxel, 1)
  setF64(covers, voxel, outside)
  setU32(ball, voxel, middle)
  const front = frontOf(outside)
  const next = getU32(fronts, front)
  setU32(spreadNext, voxel, next)
  if (next != 0) setU32(spreadBefore, next, voxel)
  setU32(spreadBefore, voxel, 0)
  setU32(fronts, front, voxel)
  lowestFront = min(lowestFront, front)
}

/**
 * Covers what lies in the balls around voxels that wait, and hangs together with their middles inside them. `covers` says how far
 * a voxel is outside of the ball that reaches farthest beyond it: it is not positive for those that are covered. The balls that
 * reach farthest spread first, so that most voxels are looked at once.
 */
function spread(): void {
  while (spreading > 0) {
    const voxel = getU32(fronts, lowestFront)
    if (voxel == 0) {
      lowestFront++
      continue
    }
    const next = getU32(spreadNext, voxel)
    setU32(fronts, lowestFront, next)
    if (next != 0) setU32(spreadBefore, next, 0)
    store<u8>(isSpreading + voxel, 0)
    spreading--
    const middle = getU32(ball, voxel)
    const radius = ballScale * <f64>getF32(surface, middle) + ballConstant
    const centre = getU32(place, middle)
    const at = getU32(place, voxel)
    const z = zOf(at) - zOf(centre)
    const y = yOf(at) - yOf(centre)
    const x = xOf(at) - xOf(centre)
    let step: u32 = 0
    for (let dz: i32 = -1; dz <= 1; dz++)
      for (let dy: i32 = -1; dy <= 1; dy++)
        for (let dx: i32 = -1; dx <= 1; dx++) {
          if (dz == 0 && dy == 0 && dx == 0) continue
          const other = neighbour(at, step++)
          if (other == 0) continue
          const nz = <f64>(z + dz) * sizeZ
          const ny = <f64>(y + dy) * sizeY
          const nx = <f64>(x + dx) * sizeX
          const outside = sqrt(nz * nz + ny * ny + nx * nx) - radius
          if (outside <= 0 && outside < getF64(covers, other)) cover(other, outside, middle)
        }
  }
  lowestFront = frontCount
}

/** A vertex is { voxel u32, the vertex it is joined with u32 }. @returns 0 when memory ends */
function addVertex(voxel: u32): u32 {
  if (!reserve(<u64>vertexTable + <u64>(vertices + 1) * 8 + 64)) return 0
  setU32(vertexTable, vertices * 2, voxel)
  setU32(vertexTable, vertices * 2 + 1, 0)
  setU32(vertexAt, voxel, ++vertices)
  return 1
}

/** Adds the way from a voxel to what is already a line. @returns 0 when memory ends */
function addWay(target: u32): u32 {
  let voxel = target
  let before: u32 = 0
  while (true) {
    const known = getU32(vertexAt, voxel)
    const vertex = known != 0 ? known : vertices + 1
    if (before != 0) {
      setU32(vertexTable, (before - 1) * 2 + 1, vertex)
      edges++
    }
    if (known != 0) return 1
    if (!addVertex(voxel)) return 0
    before = vertex
    const step = load<u8>(parent + voxel)
    if (step == NONE) return 1
    voxel = neighbour(getU32(place, voxel), step)
  }
}

/** Adds the cheapest way from a voxel, lets later ways join it, and balls around it spread next. @returns 0 when memory ends */
function addLine(target: u32): u32 {
  const from = vertices
  findWay(target)
  if (!addWay(target)) return 0
  for (let vertex = from; vertex < vertices; vertex++) {
    const voxel = getU32(vertexTable, vertex * 2)
    setF64(costs, voxel, 0)
    store<u8>(parent + voxel, NONE)
    push(voxel)
    const outside = -(ballScale * <f64>getF32(surface, voxel) + ballConstant)
    if (outside < getF64(covers, voxel)) cover(voxel, outside, voxel)
  }
  return 1
}

/**
 * Traces all parts of the object.
 * @param targets places in the box that lines must reach, u32; changed
 * @returns how many vertices there are; 0 when memory ends
 */
export function trace(scale: f64, constant: f64, exponent: f64, penaltyFactor: f64, targets: usize, targetCount: u32): u32 {
  ballScale = scale
  ballConstant = constant
  penaltyExponent = exponent
  penaltyScale = penaltyFactor
  vertices = 0
  edges = 0
  const frontsEnd = measureFronts((buckets + (<usize>bucketCount << 2) + 15) & ~15)
  if (!reserve(<u64>frontsEnd + 64)) return 0
  memory.fill(fronts, 0, <usize>frontCount << 2)
  lowestFront = frontCount
  spreading = 0
  vertexTable = (frontsEnd + 15) & ~15
  memory.fill(vertexAt, 0, (<usize>voxels + 1) << 2)
  memory.fill(heapPlace, 0, (<usize>voxels + 1) << 2)
  for (let voxel: u32 = 1; voxel <= voxels; voxel++) {
    setF64(costs, voxel, Infinity)
    setF64(covers, voxel, Infinity)
    setF32(fromRoot, voxel, -1)
  }
  let done: u32 = 0
  for (let voxel: u32 = 1; voxel <= voxels; voxel++) {
    if (getF32(fromRoot, voxel) >= 0) continue
    const count = tracePart(voxel, done, targets, targetCount)
    if (count == 0) return 0
    done += count
  }
  return vertices
}

/** @returns how many voxels the part has, 0 when memory ends */
function tracePart(seed: u32, first: u32, targets: usize, targetCount: u32): u32 {
  const count = walk(seed, first)
  // an end: the voxel farthest from any other
  const root = farthest
  forgetCosts(first, count)
  walk(root, first)
  for (let index: u32 = 0; index < count; index++) {
    const voxel = getU32(order, first + index)
    setF32(fromRoot, voxel, <f32>getF64(costs, voxel))
  }
  penalise(first, count)
  forgetCosts(first, count)
  heapSize = 0
  setF64(costs, root, 0)
  store<u8>(parent + root, NONE)
  push(root)
  for (let index: u32 = 0; index < targetCount; index++) {
    const at = getU32(targets, index)
    const target = at == DONE ? 0 : voxelAt(at)
    // those of parts that come later have not been reached
    if (target == 0 || getF32(fromRoot, target) < 0) continue
    setU32(targets, index, DONE)
    if (!addLine(target)) return 0
  }
  spread()
  if (getF64(covers, farthest) > 0) {
    if (!addLine(farthest)) return 0
    spread()
  }
  for (let index = count; index > 0; index--) {
    const voxel = getU32(order, first + index - 1)
    if (getF64(covers, voxel) <= 0) continue
    if (!addLine(voxel)) return 0
    spread()
  }
  return count
}

function forgetCosts(first: u32, count: u32): void {
  for (let index: u32 = 0; index < count; index++) setF64(costs, getU32(order, first + index), Infinity)
}

/** The voxel at a place in the box, or 0. */
function voxelAt(at: u32): u32 {
  const plane = height * width
  return getU32(map, corner + (at / plane) * planeStep + (at % plane / width) * rowStep + at % width)
}

/**
 * The deepest voxel of each part, of equals the nearest to its centre, then the first one; after `measure`, instead of `trace`.
 * @param out u32, places in the box, room for `limit`
 * @returns how many parts there are
 */
export function deepestOfParts(out: usize, limit: u32): u32 {
  for (let voxel: u32 = 1; voxel <= voxels; voxel++) setF64(costs, voxel, Infinity)
  let parts: u32 = 0
  for (let voxel: u32 = 1; voxel <= voxels; voxel++) {
    if (getF64(costs, voxel) != Infinity) continue
    const best = deepestOf(walk(voxel, 0))
    if (parts < limit) setU32(out, parts, placeInBox(best))
    parts++
  }
  return parts
}

/** Of the first voxels of the order. */
function deepestOf(count: u32): u32 {
  let sumZ: f64 = 0
  let sumY: f64 = 0
  let sumX: f64 = 0
  for (let index: u32 = 0; index < count; index++) {
    const at = getU32(place, getU32(order, index))
    sumZ += <f64>zOf(at)
    sumY += <f64>yOf(at)
    sumX += <f64>xOf(at)
  }
  let best: u32 = 0
  let depth: f32 = -1
  let away: f64 = 0
  for (let index: u32 = 0; index < count; index++) {
    const voxel = getU32(order, index)
    const own = getF32(surface, voxel)
    if (own < depth) continue
    const at = getU32(place, voxel)
    // times the number of voxels: whole numbers, the same wherever the box begins
    const z = (<f64>zOf(at) * <f64>count - sumZ) * sizeZ
    const y = (<f64>yOf(at) * <f64>count - sumY) * sizeY
    const x = (<f64>xOf(at) * <f64>count - sumX) * sizeX
    const far = z * z + y * y + x * x
    if (own == depth && (far > away || (far == away && voxel > best))) continue
    best = voxel
    depth = own
    away = far
  }
  return best
}

export function edgeCount(): u32 { return edges }

/**
 * The vertices [from, from + count) of the lines.
 * @param places out, u32: places in the box @param radii out, f32, nm @param next out, u32: the vertex it is joined with, counted
 * from 1, or 0
 */
export function read(places: usize, radii: usize, next: usize, from: u32, count: u32): void {
  for (let index: u32 = 0; index < count; index++) {
    const voxel = getU32(vertexTable, (from + index) * 2)
    setU32(places, index, placeInBox(voxel))
    setF32(radii, index, getF32(surface, voxel))
    setU32(next, index, getU32(vertexTable, (from + index) * 2 + 1))
  }
}
