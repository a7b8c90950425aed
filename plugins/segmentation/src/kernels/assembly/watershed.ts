/**
 * Watershed of nearest-neighbour affinities by steepest ascent with plateau drainage (Zlateski and Seung, "Image
 * Segmentation by Size-Dependent Single Linkage Clustering of a Watershed Basin Graph", 2015), as waterz does it.
 *
 * `pointers` holds a byte for every voxel: it points along -z 1, -y 2, -x 4, +z 8, +y 16, +x 32; 64 marks a visit. A section
 * of zeros lies before and after, so that no neighbour needs a look at the border: no pointer leads out of the volume.
 */

const VISITED: u32 = 0x40

/** Address of the first voxel's pointers. */
@inline
function firstPointer(pointers: usize, plane: u32): usize { return pointers + ((<usize>plane + 31) & ~15) }

@inline
function pointersOf(negativeZ: f32, negativeY: f32, negativeX: f32, positiveZ: f32, positiveY: f32, positiveX: f32, low: f32, high: f32): u32 {
  let best = negativeZ
  if (negativeY > best) best = negativeY
  if (negativeX > best) best = negativeX
  if (positiveZ > best) best = positiveZ
  if (positiveY > best) best = positiveY
  if (positiveX > best) best = positiveX
  if (!(best > low)) return 0
  let found: u32 = 0
  if (negativeZ == best || negativeZ >= high) found |= 1
  if (negativeY == best || negativeY >= high) found |= 2
  if (negativeX == best || negativeX >= high) found |= 4
  if (positiveZ == best || positiveZ >= high) found |= 8
  if (positiveY == best || positiveY >= high) found |= 16
  if (positiveX == best || positiveX >= high) found |= 32
  return found
}

@inline
function pointer4(edge: v128, best: v128, high: v128, bit: i32): v128 {
  return v128.and(v128.or(f32x4.eq(edge, best), f32x4.ge(edge, high)), i32x4.splat(bit))
}

/** Pointers of four voxels, 32 bits each. */
@inline
function pointersOf4(at: usize, negativeZ: usize, negativeY: usize, negativeX: usize, positiveZ: usize, positiveY: usize, low: v128, high: v128): v128 {
  const nz = v128.load(negativeZ + at)
  const ny = v128.load(negativeY + at)
  const nx = v128.load(negativeX + at)
  const pz = v128.load(positiveZ + at)
  const py = v128.load(positiveY + at)
  const px = v128.load(negativeX + at, 4)
  const best = f32x4.pmax(f32x4.pmax(f32x4.pmax(nz, ny), f32x4.pmax(nx, pz)), f32x4.pmax(py, px))
  const found = v128.or(
    v128.or(
      v128.or(pointer4(nz, best, high, 1), pointer4(ny, best, high, 2)),
      v128.or(pointer4(nx, best, high, 4), pointer4(pz, best, high, 8))),
    v128.or(pointer4(py, best, high, 16), pointer4(px, best, high, 32)))
  return v128.and(found, f32x4.gt(best, low))
}

/** Which of four edges of each axis are no numbers. */
@inline
function unordered4(at: usize, negativeZ: usize, negativeY: usize, negativeX: usize): v128 {
  const z = v128.load(negativeZ + at)
  const y = v128.load(negativeY + at)
  const x = v128.load(negativeX + at)
  return v128.or(v128.or(f32x4.ne(z, z), f32x4.ne(y, y)), f32x4.ne(x, x))
}

/** @returns 1 when an edge is no number */
function steepestRow16(target: usize, negativeZ: usize, negativeY: usize, negativeX: usize, positiveZ: usize, positiveY: usize, width: u32, low: f32, high: f32): u32 {
  const lows = f32x4.splat(low)
  const highs = f32x4.splat(high)
  let unordered = i32x4.splat(0)
  for (let x: u32 = 0; x < width; x += 16) {
    // the last block overlaps the one before
    const first = min(x, width - 16)
    const at = <usize>first << 2
    unordered = v128.or(unordered, v128.or(
      v128.or(unordered4(at, negativeZ, negativeY, negativeX), unordered4(at + 16, negativeZ, negativeY, negativeX)),
      v128.or(unordered4(at + 32, negativeZ, negativeY, negativeX), unordered4(at + 48, negativeZ, negativeY, negativeX))))
    v128.store(target + first, i8x16.narrow_i16x8_u(
      i16x8.narrow_i32x4_u(
        pointersOf4(at, negativeZ, negativeY, negativeX, positiveZ, positiveY, lows, highs),
        pointersOf4(at + 16, negativeZ, negativeY, negativeX, positiveZ, positiveY, lows, highs)),
      i16x8.narrow_i32x4_u(
        pointersOf4(at + 32, negativeZ, negativeY, negativeX, positiveZ, positiveY, lows, highs),
        pointersOf4(at + 48, negativeZ, negativeY, negativeX, positiveZ, positiveY, lows, highs))))
  }
  return v128.any_true(unordered) ? 1 : 0
}

/** {@link steepestRow16} for any width. */
function steepestRow(target: usize, negativeZ: usize, negativeY: usize, negativeX: usize, positiveZ: usize, positiveY: usize, width: u32, low: f32, high: f32): u32 {
  let unordered: u32 = 0
  for (let x: u32 = 0; x < width; x++) {
    const at = <usize>x << 2
    const nz = load<f32>(negativeZ + at)
    const ny = load<f32>(negativeY + at)
    const nx = load<f32>(negativeX + at)
    if (nz != nz || ny != ny || nx != nx) unordered = 1
    store<u8>(target + x, pointersOf(nz, ny, nx, load<f32>(positiveZ + at), load<f32>(positiveY + at), load<f32>(negativeX + at + 4), low, high))
  }
  return unordered
}

/**
 * Pointers of the voxels in sections [firstZ, firstZ + planes), along all edges that are the steepest or at least `high`.
 * Edges out of the volume count as `low`; a voxel without an edge above `low` points nowhere.
 * @param z,y,x edges of these sections to the lower neighbour on each axis; one section more of `z` unless it is the last
 * @param rows memory for two rows of floats and one float
 * @returns 1 when an edge is no number
 */
export function steepest(pointers: usize, z: usize, y: usize, x: usize, rows: usize, firstZ: u32, planes: u32, depth: u32, height: u32, width: u32, low: f32, high: f32): u32 {
  const plane = height * width
  const rowBytes = <usize>width << 2
  const planeBytes = <usize>plane << 2
  const border = rows
  const row = rows + rowBytes
  let unordered: u32 = 0
  for (let i: u32 = 0; i < width; i++) store<f32>(border + (<usize>i << 2), low)
  store<f32>(row + rowBytes, low)
  let target = firstPointer(pointers, plane) + <usize>firstZ * plane
  let at: usize = 0
  for (let k = firstZ; k < firstZ + planes; k++)
    for (let j: u32 = 0; j < height; j++) {
      memory.copy(row, x + at, rowBytes)
      store<f32>(row, low)
      const negativeZ = k > 0 ? z + at : border
      const negativeY = j > 0 ? y + at : border
      const positiveZ = k + 1 < depth ? z + at + planeBytes : border
      const positiveY = j + 1 < height ? y + at + rowBytes : border
      if (ASC_FEATURE_SIMD && width >= 16) unordered |= steepestRow16(target, negativeZ, negativeY, row, positiveZ, positiveY, width, low, high)
      else unordered |= steepestRow(target, negativeZ, negativeY, row, positiveZ, positiveY, width, low, high)
      target += width
      at += rowBytes
    }
  return unordered
}

/** Which of its pointers a voxel's neighbours do not return. */
@inline
function unreturned(at: usize, found: u32, plane: usize, width: usize): u32 {
  const lower = load<u8>(at - plane) & 8 | load<u8>(at - width) & 16 | load<u8>(at - 1) & 32
  const upper = load<u8>(at + plane) & 1 | load<u8>(at + width) & 2 | load<u8>(at + 1) & 4
  return found & ~(lower >> 3 | upper << 3)
}

@inline
function mask(at: usize, bits: i32): v128 { return v128.and(v128.load(at), i8x16.splat(<i8>bits)) }

/** Bit i: voxel i has several pointers, and a neighbour does not return one of them. 16 voxels. */
@inline
function exits16(at: usize, plane: usize, width: usize): u32 {
  const found = v128.load(at)
  const several = v128.and(found, i8x16.sub(found, i8x16.splat(1)))
  if (!v128.any_true(several)) return 0
  const lower = v128.or(v128.or(mask(at - plane, 8), mask(at - width, 16)), mask(at - 1, 32))
  const upper = v128.or(v128.or(mask(at + plane, 1), mask(at + width, 2)), mask(at + 1, 4))
  const open = v128.andnot(found, v128.or(i8x16.shr_u(lower, 3), i8x16.shl(upper, 3)))
  const none = i8x16.splat(0)
  return <u32>i8x16.bitmask(v128.and(i8x16.ne(several, none), i8x16.ne(open, none)))
}

/** Visits a neighbour on the plateau. Returns the new end of the queue. */
@inline
function visit(next: usize, first: usize, end: usize): usize {
  const theirs = <u32>load<u8>(next)
  if (theirs & VISITED) return end
  store<u8>(next, theirs | VISITED)
  store<u32>(end, <u32>(next - first))
  return end + 4
}

/**
 * Leaves every voxel of a plateau that has an exit one pointer, towards it: breadth first from the exits in scan order. An
 * exit with a single pointer keeps it and leads to no other voxel, so it needs no place in the queue.
 * @param queue 4 bytes for every voxel
 */
export function drain(pointers: usize, queue: usize, voxels: u32, plane: u32, width: u32): void {
  const first = firstPointer(pointers, plane)
  let end = queue
  let voxel: u32 = 0
  if (ASC_FEATURE_SIMD)
    for (; voxel + 16 <= voxels; voxel += 16) {
      const at = first + voxel
      for (let exits = exits16(at, plane, width); exits != 0; exits &= exits - 1) {
        const index = voxel + ctz(exits)
        store<u8>(first + index, load<u8>(first + index) | VISITED)
        store<u32>(end, index)
        end += 4
      }
    }
  for (; voxel < voxels; voxel++) {
    const at = first + voxel
    const found = <u32>load<u8>(at)
    if ((found & (found - 1)) == 0 || unreturned(at, found, plane, width) == 0) continue
    store<u8>(at, found | VISITED)
    store<u32>(end, voxel)
    end += 4
  }
  for (let position = queue; position < end; position += 4) {
    const at = first + load<u32>(position)
    const found = <u32>load<u8>(at)
    const open = unreturned(at, found, plane, width) & 63
    const shared = found & ~open & 63
    if (shared & 1) end = visit(at - plane, first, end)
    if (shared & 2) end = visit(at - width, first, end)
    if (shared & 4) end = visit(at - 1, first, end)
    if (shared & 8) end = visit(at + plane, first, end)
    if (shared & 16) end = visit(at + width, first, end)
    if (shared & 32) end = visit(at + 1, first, end)
    // the last of the pointers that are not returned: one at least, that of the exit or of the voxel it was reached from
    store<u8>(at, <u32>1 << (31 - clz(open)))
  }
}

@inline
function find(labels: usize, voxel: u32): u32 {
  let parent = load<u32>(labels + (<usize>voxel << 2))
  while (parent != voxel) {
    const above = load<u32>(labels + (<usize>parent << 2))
    store<u32>(labels + (<usize>voxel << 2), above)
    voxel = parent
    parent = above
  }
  return voxel
}

/** Joins the sets of two voxels; returns the root, the lower of both. */
function unite(labels: usize, one: u32, other: u32): u32 {
  one = find(labels, one)
  other = find(labels, other)
  const root = min(one, other)
  store<u32>(labels + (<usize>max(one, other) << 2), root)
  return root
}

/**
 * Labels 1, 2, ... in scan order of first voxels, a basin being what pointers connect: every voxel has either one pointer, or
 * several that are all returned, so whatever pointers connect drains to the same place. 0 where a voxel points nowhere.
 * @param labels out, 4 bytes for every voxel
 * @returns the number of basins
 */
export function label(pointers: usize, labels: usize, voxels: u32, plane: u32, width: u32): u32 {
  const first = firstPointer(pointers, plane)
  for (let voxel: u32 = 0; voxel < voxels; voxel++) {
    const at = first + voxel
    const found = <u32>load<u8>(at)
    const place = labels + (<usize>voxel << 2)
    let parent = voxel
    if (found & 4 | load<u8>(at - 1) & 32) parent = load<u32>(place - 4)
    if (found & 2 | load<u8>(at - width) & 16) {
      const behind = load<u32>(place - (<usize>width << 2))
      if (parent == voxel) parent = behind
      else if (parent != behind) parent = unite(labels, parent, behind)
    }
    if (found & 1 | load<u8>(at - plane) & 8) {
      const behind = load<u32>(place - (<usize>plane << 2))
      if (parent == voxel) parent = behind
      else if (parent != behind) parent = unite(labels, parent, behind)
    }
    store<u32>(place, parent)
  }
  let count: u32 = 0
  for (let voxel: u32 = 0; voxel < voxels; voxel++) {
    const place = labels + (<usize>voxel << 2)
    const parent = load<u32>(place)
    // a parent is a lower voxel, so it holds its label already
    if (parent != voxel) store<u32>(place, load<u32>(labels + (<usize>parent << 2)))
    else store<u32>(place, load<u8>(first + voxel) == 0 ? 0 : ++count)
  }
  return count
}
