/**
 * Watershed of nearest-neighbour affinities by steepest ascent with plateau drainage, as waterz defines it
 * (Zlateski and Seung, "Image Segmentation by Size-Dependent Single Linkage Clustering of a Watershed Basin Graph", 2015).
 *
 * `bits` holds one byte a voxel: pointers -z 1, -y 2, -x 4, +z 8, +y 16, +x 32; 64 marks a visited voxel.
 */

const VISITED: u8 = 0x40
const POINTERS: u8 = 0x3f

/**
 * Pointers of the voxels of planes [firstZ, firstZ + planes).
 * @param bits whole volume; @param z,y,x the slab's planes of the affinity to the lower neighbour along each axis;
 * `z` has one plane more when the slab is not the last
 */
export function steepest(bits: usize, z: usize, y: usize, x: usize, firstZ: i32, planes: i32, depth: i32, height: i32, width: i32, low: f32, high: f32): void {
  const plane = height * width
  let voxel = <usize>firstZ * plane
  let index: usize = 0
  for (let k = 0; k < planes; k++)
    for (let j = 0; j < height; j++)
      for (let i = 0; i < width; i++) {
        const at = index << 2
        const negativeZ = firstZ + k > 0 ? load<f32>(z + at) : low
        const negativeY = j > 0 ? load<f32>(y + at) : low
        const negativeX = i > 0 ? load<f32>(x + at) : low
        const positiveZ = firstZ + k < depth - 1 ? load<f32>(z + at + (plane << 2)) : low
        const positiveY = j < height - 1 ? load<f32>(y + at + (width << 2)) : low
        const positiveX = i < width - 1 ? load<f32>(x + at + 4) : low
        const best = max(max(max(negativeZ, negativeY), max(negativeX, positiveZ)), max(positiveY, positiveX))
        let pointers: u8 = 0
        if (best > low) {
          if (negativeZ == best || negativeZ >= high) pointers |= 1
          if (negativeY == best || negativeY >= high) pointers |= 2
          if (negativeX == best || negativeX >= high) pointers |= 4
          if (positiveZ == best || positiveZ >= high) pointers |= 8
          if (positiveY == best || positiveY >= high) pointers |= 16
          if (positiveX == best || positiveX >= high) pointers |= 32
        }
        store<u8>(bits + voxel, pointers)
        voxel++
        index++
      }
}

// @ts-ignore: decorator
@inline function neighbour(voxel: usize, direction: i32, plane: usize, width: usize): usize {
  if (direction == 0) return voxel - plane
  if (direction == 1) return voxel - width
  if (direction == 2) return voxel - 1
  if (direction == 3) return voxel + plane
  if (direction == 4) return voxel + width
  return voxel + 1
}

// @ts-ignore: decorator
@inline function bitOf(direction: i32): u8 {
  const bit: i32 = 1 << direction
  return <u8>bit
}

// @ts-ignore: decorator
@inline function opposite(direction: i32): u8 {
  return bitOf(direction < 3 ? direction + 3 : direction - 3)
}

// @ts-ignore: decorator
@inline function reserve(end: usize): void {
  const pages = <i32>((end + 0xffff) >>> 16) - memory.size()
  if (pages > 0) memory.grow(pages + 64)
}

/**
 * Leaves every voxel of a plateau with an exit one pointer towards it: breadth first from the exits in scan order.
 * @param queue 4 bytes a voxel
 */
export function drainPlateaus(bits: usize, queue: usize, voxels: u32, plane: u32, width: u32): void {
  let end: u32 = 0
  for (let voxel: usize = 0; voxel < <usize>voxels; voxel++) {
    const pointers = load<u8>(bits + voxel)
    for (let direction = 0; direction < 6; direction++) {
      if (!(pointers & bitOf(direction))) continue
      if (load<u8>(bits + neighbour(voxel, direction, plane, width)) & opposite(direction)) continue
      store<u8>(bits + voxel, pointers | VISITED)
      store<u32>(queue + (<usize>end << 2), <u32>voxel)
      end++
      break
    }
  }
  for (let position: u32 = 0; position < end; position++) {
    const voxel = <usize>load<u32>(queue + (<usize>position << 2))
    const pointers = load<u8>(bits + voxel)
    let kept: u8 = 0
    for (let direction = 0; direction < 6; direction++) {
      if (!(pointers & bitOf(direction))) continue
      const next = neighbour(voxel, direction, plane, width)
      const theirs = load<u8>(bits + next)
      if (!(theirs & opposite(direction))) kept = bitOf(direction)
      else if (!(theirs & VISITED)) {
        store<u8>(bits + next, theirs | VISITED)
        store<u32>(queue + (<usize>end << 2), <u32>next)
        end++
      }
    }
    store<u8>(bits + voxel, kept)
  }
}

/**
 * Gives every voxel the id of the basin its pointers lead to, 1, 2, ... in scan order; 0 without pointers.
 * @param labels zeroed, 4 bytes a voxel; @param heap free memory for the queue
 * @returns number of basins
 */
export function labelBasins(bits: usize, labels: usize, voxels: u32, plane: u32, width: u32, heap: usize): u32 {
  let basins: u32 = 0
  for (let start: usize = 0; start < <usize>voxels; start++) {
    if (!(load<u8>(bits + start) & POINTERS) || load<u32>(labels + (start << 2))) continue
    let end: usize = 0
    let found: u32 = 0
    reserve(heap + 4)
    store<u32>(heap, <u32>start)
    store<u8>(bits + start, load<u8>(bits + start) | VISITED)
    end = 1
    for (let position: usize = 0; position < end && !found; position++) {
      const voxel = <usize>load<u32>(heap + (position << 2))
      const pointers = load<u8>(bits + voxel)
      for (let direction = 0; direction < 6; direction++) {
        if (!(pointers & bitOf(direction))) continue
        const next = neighbour(voxel, direction, plane, width)
        found = load<u32>(labels + (next << 2))
        if (found) break
        const theirs = load<u8>(bits + next)
        if (theirs & VISITED) continue
        store<u8>(bits + next, theirs | VISITED)
        reserve(heap + ((end + 1) << 2))
        store<u32>(heap + (end << 2), <u32>next)
        end++
      }
    }
    if (!found) found = ++basins
    for (let position: usize = 0; position < end; position++) store<u32>(labels + (<usize>load<u32>(heap + (position << 2)) << 2), found)
  }
  return basins
}

/** Dense ids of a piece of given fragments, from voxel `first` on: the position, counted from 1, of every voxel's id in a sorted list; 0 stays 0. */
export function denseLabels(ids: usize, count: u32, fragments: usize, labels: usize, first: u32, voxels: u32): void {
  const target = labels + (<usize>first << 2)
  let lastId: u64 = 0
  let lastLabel: u32 = 0
  for (let voxel: usize = 0; voxel < <usize>voxels; voxel++) {
    const id = load<u64>(fragments + (voxel << 3))
    if (id != lastId) {
      lastId = id
      lastLabel = 0
      let low: u32 = 0
      let high = count
      while (id && low < high) {
        const middle = (low + high) >>> 1
        if (load<u64>(ids + (<usize>middle << 3)) < id) low = middle + 1
        else high = middle
      }
      if (id) lastLabel = low + 1
    }
    store<u32>(target + (voxel << 2), lastLabel)
  }
}

/** 64-bit ids of a slab: `ids[roots[label] - 1]`, or the root itself without `ids` (0). */
export function writeLabels(labels: usize, first: u32, roots: usize, ids: usize, out: usize, voxels: u32): void {
  const source = labels + (<usize>first << 2)
  for (let voxel: usize = 0; voxel < <usize>voxels; voxel++) {
    const label = load<u32>(source + (voxel << 2))
    const root = label ? load<u32>(roots + (<usize>label << 2)) : 0
    store<u64>(out + (voxel << 3), root && ids ? load<u64>(ids + (<usize>(root - 1) << 3)) : <u64>root)
  }
}

/* The region graph: an open-addressing table of edges, 24 bytes each: smaller id u32, larger id u32, sum f64, count u32. */

const EDGE_BYTES: usize = 24

/** Neighbouring fragments have near ids: multiplying the smaller one only keeps their edges on one cache line. */
// @ts-ignore: decorator
@inline function slotOf(small: u32, large: u32, mask: u32): u32 {
  return (small * 8 + ((large ^ (large >>> 7)) * 0x9e3779b1 >>> 24)) & mask
}

// @ts-ignore: decorator
@inline function findEdge(table: usize, mask: u32, small: u32, large: u32): usize {
  let slot = slotOf(small, large, mask)
  while (true) {
    const edge = table + <usize>slot * EDGE_BYTES
    const first = load<u32>(edge)
    if (!first || (first == small && load<u32>(edge, 4) == large)) return edge
    slot = (slot + 1) & mask
  }
}

/**
 * Adds the faces of a slab to the edges of the regions they join, until the table is 60 % full.
 * @param state kept: +0 edges so far, +4 voxel of the slab to go on with
 * @returns 1 when the slab is done, 0 when the table must grow first
 */
export function addFaces(table: usize, capacity: u32, state: usize, labels: usize, z: usize, y: usize, x: usize, firstZ: i32, planes: i32, height: i32, width: i32): i32 {
  const mask = capacity - 1
  const limit = <u32>(<u64>capacity * 6 / 10)
  const plane = height * width
  let edges = load<u32>(state)
  let index = load<u32>(state, 4)
  const voxels = <u32>(planes * plane)
  const base = labels + (<usize>firstZ * plane << 2)
  let i = <i32>(index % <u32>width)
  let j = <i32>((index / <u32>width) % <u32>height)
  let k = <i32>(index / <u32>plane)
  for (; index < voxels; index++) {
    if (edges + 3 > limit) {
      store<u32>(state, edges)
      store<u32>(state, index, 4)
      return 0
    }
    const at = <usize>index << 2
    const label = load<u32>(base + at)
    if (label) {
      if (firstZ + k > 0) edges += addFace(table, mask, label, load<u32>(base + at - (<usize>plane << 2)), load<f32>(z + at))
      if (j > 0) edges += addFace(table, mask, label, load<u32>(base + at - (<usize>width << 2)), load<f32>(y + at))
      if (i > 0) edges += addFace(table, mask, label, load<u32>(base + at - 4), load<f32>(x + at))
    }
    if (++i == width) {
      i = 0
      if (++j == height) {
        j = 0
        k++
      }
    }
  }
  store<u32>(state, edges)
  store<u32>(state, 0, 4)
  return 1
}

// @ts-ignore: decorator
@inline function addFace(table: usize, mask: u32, one: u32, other: u32, affinity: f32): u32 {
  if (!other || other == one) return 0
  const small = min(one, other)
  const large = max(one, other)
  const edge = findEdge(table, mask, small, large)
  const isNew = load<u32>(edge) == 0
  if (isNew) {
    store<u32>(edge, small)
    store<u32>(edge, large, 4)
  }
  store<f64>(edge, load<f64>(edge, 8) + <f64>affinity, 8)
  store<u32>(edge, load<u32>(edge, 16) + 1, 16)
  return isNew ? 1 : 0
}

/** Moves all edges into a larger, zeroed table. */
export function growTable(old: usize, oldCapacity: u32, table: usize, capacity: u32): void {
  for (let slot: u32 = 0; slot < oldCapacity; slot++) {
    const from = old + <usize>slot * EDGE_BYTES
    const small = load<u32>(from)
    if (!small) continue
    memory.copy(findEdge(table, capacity - 1, small, load<u32>(from, 4)), from, EDGE_BYTES)
  }
}
