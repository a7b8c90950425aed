/**
 * The region graph of labelled fragments, and its agglomeration by mean affinity (waterz, OneMinus<MeanAffinity>): the pair
 * of regions with the smallest score, 1 - mean affinity over the faces they share, is merged first.
 *
 * Regions are u32 from 1 on. Memory above the room for pieces holds the edges and, above them, a table that finds an edge
 * by its two ends; both grow, the table is then built anew. Merging adds lists of edges by region and a queue.
 */
import { multiply, single } from './parts/numbers'
import { reserve } from './parts/memory'

// an edge: its ends; the sum of the affinities of its faces f64; how many they are; its score f32 when last looked at;
// for each end the next entry in that region's list of edges
const EDGE: usize = 32
const SUM: usize = 8
const COUNT: usize = 16
const SCORE: usize = 20
const NEXT: usize = 24
/** Bits of a slot that name its edge: memory holds fewer edges than that. */
const INDEX: u32 = 0x7ffffff
// a queue entry: score f32, edge
const ENTRY: usize = 8

let room: usize = 0
let regions: u32 = 0
let edges: usize = 0
let edgeCount: u32 = 0
let capacity: u32 = 0

let table: usize = 0
let slotMask: u32 = 0
let usedSlots: u32 = 0
/** Slots for each sum of two ends: 1 << sumBits. */
let sumBits: u32 = 0

// of each region: the first entry of its list (twice the edge, plus the end, plus 1; 0 ends a list), the list's length,
// the region it was merged into, and, while it is none, the region that gives the merged one its name
let heads: usize = 0
let lengths: usize = 0
let parents: usize = 0
let names: usize = 0

// edges that can merge, sorted; those whose score has changed since, a binary heap
let sorted: usize = 0
let sortedEnd: usize = 0
let heap: usize = 0
let heaped: u32 = 0

// the pair that the last face belonged to
let lastOne: u32 = 0
let lastOther: u32 = 0
let lastEdge: usize = 0

@inline
function edgeAt(edge: u32): usize { return edges + <usize>edge * EDGE }
@inline
function wordAt(array: usize, index: u32): usize { return array + (<usize>index << 2) }

@inline
function mix(one: u32, other: u32): u32 {
  let mixed = multiply(min(one, other), 0x9e3779b1) ^ multiply(max(one, other), 0x85ebca6b)
  mixed = multiply(mixed ^ mixed >>> 15, 0xc2b2ae35)
  return mixed ^ mixed >>> 13
}

/**
 * The slot of an edge: a free one when it is not in the table. Regions are numbered in scan order, so edges that are met
 * together have similar sums of ends; every sum has its place in the table, and such edges lie together. Beyond a full line
 * of 16 slots the search goes on at lines that depend on the edge alone, so that crowded sums do not grow together.
 * A slot holds the edge + 1 and 5 bits that tell most other edges without a look at them. Edges that were merged away have no
 * ends and match nothing.
 */
function slotFor(one: u32, other: u32): usize {
  const mixed = mix(one, other)
  const mark = mixed & ~INDEX
  let line = ((one + other) << sumBits) & slotMask & ~15
  while (true) {
    let place = mixed & 15
    for (let probe = 0; probe < 16; probe++) {
      const at = wordAt(table, line | place)
      const entry = load<u32>(at)
      if (entry == 0) return at
      if ((entry & ~INDEX) == mark) {
        const edge = edgeAt((entry & INDEX) - 1)
        const first = load<u32>(edge)
        if ((first == one && load<u32>(edge, 4) == other) || (first == other && load<u32>(edge, 4) == one)) return at
      }
      place = (place + 1) & 15
    }
    line = (line + (mixed | 16)) & slotMask & ~15
  }
}

/** What the slot of an edge holds. */
@inline
function entryOf(edge: u32, one: u32, other: u32): u32 { return mix(one, other) & ~INDEX | (edge + 1) }

/** Room for `count` edges, and a table twice as large. False when memory ends. */
function resize(count: u32): bool {
  const slots = <u64>count * 2
  table = edges + <usize>count * EDGE
  if (<u64>edges + <u64>count * EDGE + slots * 4 >= 0xffff0000 || !reserve(<u64>table + slots * 4)) return false
  capacity = count
  slotMask = <u32>(slots - 1)
  sumBits = 0
  while (sumBits < 16 && <u64>(regions + 1) << (sumBits + 2) <= slots) sumBits++
  fillTable()
  return true
}

function fillTable(): void {
  memory.fill(table, 0, (<usize>slotMask + 1) << 2)
  usedSlots = 0
  for (let edge: u32 = 0; edge < edgeCount; edge++) {
    const at = edgeAt(edge)
    if (load<u32>(at) == 0) continue
    store<u32>(slotFor(load<u32>(at), load<u32>(at, 4)), entryOf(edge, load<u32>(at), load<u32>(at, 4)))
    usedSlots++
  }
}

/**
 * Prepares for fragments 1 to `count`. Pieces take at most `pieceBytes`.
 * @param expected about how many pairs of fragments touch, a power of two
 * @returns 0 when memory ends
 */
export function begin(heap: usize, pieceBytes: u32, count: u32, expected: u32): u32 {
  room = heap + ((<usize>pieceBytes + 127) & ~63)
  regions = count
  edges = room
  edgeCount = 0
  lastEdge = 0
  return resize(expected) ? 1 : 0
}

/** Counts a face between two regions. False when memory ends. */
@inline
function addFace(one: u32, other: u32, affinity: f32): bool {
  if (lastEdge == 0 || one != lastOne || other != lastOther) {
    if (!findEdge(one, other)) return false
  }
  store<f64>(lastEdge, load<f64>(lastEdge, SUM) + <f64>affinity, SUM)
  store<u32>(lastEdge, load<u32>(lastEdge, COUNT) + 1, COUNT)
  return true
}

function findEdge(one: u32, other: u32): bool {
  let at = slotFor(one, other)
  if (load<u32>(at) == 0) {
    if (edgeCount == capacity) {
      if (!resize(capacity << 1)) return false
      at = slotFor(one, other)
    }
    const edge = edgeAt(edgeCount)
    store<u32>(edge, min(one, other))
    store<u32>(edge, max(one, other), 4)
    store<f64>(edge, 0, SUM)
    store<u32>(edge, 0, COUNT)
    store<u32>(at, entryOf(edgeCount, one, other))
    edgeCount++
    usedSlots++
  }
  lastOne = one
  lastOther = other
  lastEdge = edgeAt((load<u32>(at) & INDEX) - 1)
  return true
}

/** Bit i: labels i are those of two different regions. 16 labels. */
@inline
function borders16(labels: usize, others: usize): u32 {
  return <u32>i8x16.bitmask(i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(border4(labels, others), border4(labels + 16, others + 16)),
    i16x8.narrow_i32x4_s(border4(labels + 32, others + 32), border4(labels + 48, others + 48))))
}
@inline
function border4(labels: usize, others: usize): v128 {
  const one = v128.load(labels)
  const other = v128.load(others)
  const none = i32x4.splat(0)
  return v128.and(i32x4.ne(one, other), v128.and(i32x4.ne(one, none), i32x4.ne(other, none)))
}

/** Faces between a row and one beside it, `count` voxels. */
function addRow(labels: usize, others: usize, affinity: usize, count: u32): bool {
  let x: u32 = 0
  if (ASC_FEATURE_SIMD)
    for (; x + 16 <= count; x += 16) {
      const start = <usize>x << 2
      for (let found = borders16(labels + start, others + start); found != 0; found &= found - 1) {
        const at = start + (<usize>ctz(found) << 2)
        if (!addFace(load<u32>(labels + at), load<u32>(others + at), load<f32>(affinity + at))) return false
      }
    }
  for (; x < count; x++) {
    const at = <usize>x << 2
    const one = load<u32>(labels + at)
    const other = load<u32>(others + at)
    if (one != other && one != 0 && other != 0 && !addFace(one, other, load<f32>(affinity + at))) return false
  }
  return true
}

/**
 * Adds the faces of some sections to the region graph.
 * @param labels these sections; the one before them too unless they are the first
 * @param z,y,x affinities of these sections to the lower neighbour on each axis
 * @returns 0 when memory ends
 */
export function addFaces(labels: usize, z: usize, y: usize, x: usize, isFirst: u32, planes: u32, height: u32, width: u32): u32 {
  const rowBytes = <usize>width << 2
  const planeBytes = <usize>height * rowBytes
  let row = isFirst ? labels : labels + planeBytes
  let at: usize = 0
  for (let k: u32 = 0; k < planes; k++)
    for (let j: u32 = 0; j < height; j++) {
      if ((k > 0 || !isFirst) && !addRow(row, row - planeBytes, z + at, width)) return 0
      if (j > 0 && !addRow(row, row - rowBytes, y + at, width)) return 0
      if (!addRow(row + 4, row, x + at + 4, width - 1)) return 0
      row += rowBytes
      at += rowBytes
    }
  return 1
}

/** {@link addFaces} where only contacts matter: the labels stand in for affinities, whose sums are then of no use. */
export function addContacts(labels: usize, isFirst: u32, planes: u32, height: u32, width: u32): u32 {
  return addFaces(labels, labels, labels, labels, isFirst, planes, height, width)
}

/** How many pairs of regions touch. */
export function countEdges(): u32 { return edgeCount }

/** The two regions of some edges. @param ends out, 8 bytes for each */
export function readEdges(first: u32, count: u32, ends: usize): void {
  for (let index: u32 = 0; index < count; index++) {
    const edge = edgeAt(first + index)
    store<u32>(ends + (<usize>index << 3), load<u32>(edge))
    store<u32>(ends + (<usize>index << 3), load<u32>(edge, 4), 4)
  }
}

@inline
function scoreOf(edge: usize): f64 {
  return single(1 - single(load<f64>(edge, SUM) / <f64>load<u32>(edge, COUNT)))
}

/** Whether an entry comes before another: smaller scores first, then edges that were met first. */
@inline
function precedes(score: f32, edge: u32, at: usize): bool {
  const other = load<f32>(at)
  return score < other || (score == other && edge < load<u32>(at, 4))
}

@inline
function put(at: usize, score: f32, edge: u32): void {
  store<f32>(at, score)
  store<u32>(at, edge, 4)
}

/** Puts an entry at the top of the heap or below. */
function sink(score: f32, edge: u32): void {
  let place: u32 = 0
  while (true) {
    let child: u32 = 2 * place + 1
    if (child >= heaped) break
    let at = heap + <usize>child * ENTRY
    if (child + 1 < heaped && precedes(load<f32>(at + ENTRY), load<u32>(at + ENTRY, 4), at)) {
      child++
      at += ENTRY
    }
    if (precedes(score, edge, at)) break
    put(heap + <usize>place * ENTRY, load<f32>(at), load<u32>(at, 4))
    place = child
  }
  put(heap + <usize>place * ENTRY, score, edge)
}

function push(score: f32, edge: u32): void {
  let place = heaped
  heaped++
  while (place > 0) {
    const above = (place - 1) >>> 1
    const at = heap + <usize>above * ENTRY
    if (!precedes(score, edge, at)) break
    put(heap + <usize>place * ENTRY, load<f32>(at), load<u32>(at, 4))
    place = above
  }
  put(heap + <usize>place * ENTRY, score, edge)
}

/** Takes the top of the heap out. */
function pop(): void {
  heaped--
  const last = heap + <usize>heaped * ENTRY
  if (heaped > 0) sink(load<f32>(last), load<u32>(last, 4))
}

/** The bits of a float such that they compare as the float does. */
@inline
function orderOf(at: usize): u32 {
  const bits = load<u32>(at)
  return bits >>> 31 ? ~bits : bits | 0x80000000
}

/** Sorts the entries [from, to) by 11 bits of their score into the same number of entries at `target`; equal ones stay in order. */
function sortBits(from: usize, to: usize, target: usize, shift: u32, counts: usize): void {
  memory.fill(counts, 0, 2048 * 4)
  for (let at = from; at < to; at += ENTRY) {
    const count = wordAt(counts, orderOf(at) >>> shift & 2047)
    store<u32>(count, load<u32>(count) + 1)
  }
  let sum: u32 = 0
  for (let digit: u32 = 0; digit < 2048; digit++) {
    const count = load<u32>(wordAt(counts, digit))
    store<u32>(wordAt(counts, digit), sum)
    sum += count
  }
  for (let at = from; at < to; at += ENTRY) {
    const count = wordAt(counts, orderOf(at) >>> shift & 2047)
    put(target + <usize>load<u32>(count) * ENTRY, load<f32>(at), load<u32>(at, 4))
    store<u32>(count, load<u32>(count) + 1)
  }
}

/** Puts an edge at the head of the list of the region at its end 0 or 1. */
@inline
function link(edge: u32, end: u32, region: u32): void {
  const head = wordAt(heads, region)
  store<u32>(edgeAt(edge) + (<usize>end << 2), load<u32>(head), NEXT)
  store<u32>(head, 2 * edge + end + 1)
  store<u32>(wordAt(lengths, region), load<u32>(wordAt(lengths, region)) + 1)
}

/** Lists the edges of every region, and sorts those that can merge: no mean of others than these gets below the threshold. */
function prepare(threshold: f64): bool {
  const words = <usize>(regions + 1) << 2
  heads = table + ((<usize>slotMask + 1) << 2)
  lengths = heads + words
  parents = lengths + words
  names = parents + words
  const counts = names + words
  sorted = (counts + 2048 * 4 + 15) & ~15
  if (<u64>table + (<u64>slotMask + 1) * 4 + <u64>(regions + 1) * 16 >= 0xffff0000 || !reserve(sorted)) return false
  memory.fill(heads, 0, words)
  memory.fill(lengths, 0, words)
  for (let region: u32 = 0; region <= regions; region++) {
    store<u32>(wordAt(parents, region), region)
    store<u32>(wordAt(names, region), region)
  }
  let total: u32 = 0
  for (let edge: u32 = 0; edge < edgeCount; edge++) {
    const at = edgeAt(edge)
    const score = scoreOf(at)
    store<f32>(at, <f32>score, SCORE)
    if (score < threshold) total++
    link(edge, 0, load<u32>(at))
    link(edge, 1, load<u32>(at, 4))
  }
  const bytes = <usize>total * ENTRY
  if (<u64>sorted + <u64>bytes * 2 >= 0xffff0000 || !reserve(<u64>sorted + <u64>bytes * 2)) return false
  sortedEnd = sorted + bytes
  let entry = sorted
  for (let edge: u32 = 0; edge < edgeCount; edge++) {
    const score = load<f32>(edgeAt(edge), SCORE)
    if (<f64>score >= threshold) continue
    put(entry, score, edge)
    entry += ENTRY
  }
  sortBits(sorted, sortedEnd, sortedEnd, 0, counts)
  sortBits(sortedEnd, sortedEnd + bytes, sorted, 11, counts)
  sortBits(sorted, sortedEnd, sortedEnd, 22, counts)
  heap = sorted
  heaped = 0
  sorted = sortedEnd
  sortedEnd += bytes
  return true
}

/**
 * Merges regions while the smallest score is below the threshold. Scores are looked at again when their turn comes: the
 * cheaper of two edges that become one keeps its turn, and no mean exceeds both of its parts, so nothing comes too late.
 * @param ids u64 of each region from 0 on, or 0: a merged region takes the id of the one with the lower id
 * @returns 0 when memory ends
 */
export function merge(threshold: f64, ids: usize): u32 {
  const limit = single(threshold)
  if (!prepare(limit)) return 0
  while (heaped > 0 || sorted < sortedEnd) {
    const fromHeap = heaped > 0 && (sorted == sortedEnd || precedes(load<f32>(heap), load<u32>(heap, 4), sorted))
    const entry = fromHeap ? heap : sorted
    const edge = load<u32>(entry, 4)
    const at = edgeAt(edge)
    const isMerged = load<u32>(at) == 0
    const score = isMerged ? 0 : scoreOf(at)
    const isSame = score == <f64>load<f32>(entry)
    if (!isMerged && !isSame && score < limit) {
      store<f32>(at, <f32>score, SCORE)
      if (fromHeap) sink(<f32>score, edge)
      else {
        sorted += ENTRY
        push(<f32>score, edge)
      }
      continue
    }
    if (fromHeap) pop()
    else sorted += ENTRY
    if (isMerged) continue
    if (isSame) mergeEnds(at, ids)
    else store<f32>(at, <f32>score, SCORE)
  }
  nameRegions()
  return 1
}

@inline
function isLower(one: u32, other: u32, ids: usize): bool {
  return ids == 0 ? one < other : load<u64>(ids + (<usize>one << 3)) < load<u64>(ids + (<usize>other << 3))
}

/** Merges the two regions of an edge. The shorter of their lists moves to the other region. */
function mergeEnds(edge: usize, ids: usize): void {
  const one = load<u32>(edge)
  const other = load<u32>(edge, 4)
  const oneLonger = load<u32>(wordAt(lengths, one)) >= load<u32>(wordAt(lengths, other))
  const kept = oneLonger ? one : other
  const gone = oneLonger ? other : one
  const keptName = load<u32>(wordAt(names, kept))
  const goneName = load<u32>(wordAt(names, gone))
  const keptIsLower = isLower(keptName, goneName, ids)
  store<u32>(wordAt(parents, gone), kept)
  store<u32>(wordAt(names, kept), keptIsLower ? keptName : goneName)
  store<u32>(edge, 0)
  store<u32>(edge, 0, 4)
  let entry = load<u32>(wordAt(heads, gone))
  while (entry != 0) {
    const moved = (entry - 1) >>> 1
    const end = (entry - 1) & 1
    const at = edgeAt(moved)
    entry = load<u32>(at + (<usize>end << 2), NEXT)
    if (load<u32>(at) != 0) moveEdge(moved, end, kept, keptIsLower)
  }
}

/** Moves one end of an edge to region `kept`, or makes it one with the edge that joins the same regions. */
function moveEdge(moved: u32, end: u32, kept: u32, keptIsLower: bool): void {
  const at = edgeAt(moved)
  const neighbour = load<u32>(at + (<usize>(1 - end) << 2))
  const slot = slotFor(kept, neighbour)
  const found = load<u32>(slot)
  if (found == 0) {
    store<u32>(at + (<usize>end << 2), kept)
    link(moved, end, kept)
    store<u32>(slot, entryOf(moved, kept, neighbour))
    // slots of former ends stay behind: they lead to the edge under its new ends, which does no harm but takes room
    if (++usedSlots > slotMask - (slotMask >>> 2)) fillTable()
    return
  }
  const rival = edgeAt((found & INDEX) - 1)
  const sum = load<f64>(at, SUM) + load<f64>(rival, SUM)
  const count = load<u32>(at, COUNT) + load<u32>(rival, COUNT)
  const score = load<f32>(at, SCORE)
  const rivalScore = load<f32>(rival, SCORE)
  // among equals the edge of the region that gives up its name stays
  const rivalStays = keptIsLower ? score > rivalScore : score >= rivalScore
  const stays = rivalStays ? rival : at
  const goes = rivalStays ? at : rival
  store<u32>(goes, 0)
  store<u32>(goes, 0, 4)
  store<f64>(stays, sum, SUM)
  store<u32>(stays, count, COUNT)
  if (rivalStays) return
  store<u32>(at + (<usize>end << 2), kept)
  link(moved, end, kept)
  store<u32>(slot, entryOf(moved, kept, neighbour))
}

/** Leaves in `heads`, which are of no more use, the region that gives every region its id. */
function nameRegions(): void {
  for (let region: u32 = 1; region <= regions; region++) {
    let root = region
    while (load<u32>(wordAt(parents, root)) != root) root = load<u32>(wordAt(parents, root))
    let walk = region
    while (walk != root) {
      const above = load<u32>(wordAt(parents, walk))
      store<u32>(wordAt(parents, walk), root)
      walk = above
    }
  }
  for (let region: u32 = 1; region <= regions; region++) {
    const root = load<u32>(wordAt(parents, region))
    store<u32>(wordAt(heads, region), load<u32>(wordAt(names, root)))
  }
}

/** Final 64-bit ids of some voxels. @param ids as in {@link merge} */
export function write(labels: usize, out: usize, voxels: u32, ids: usize): void {
  for (let voxel: u32 = 0; voxel < voxels; voxel++) {
    const region = load<u32>(wordAt(labels, voxel))
    const name = region == 0 ? 0 : load<u32>(wordAt(heads, region))
    const target = out + (<usize>voxel << 3)
    if (ids != 0) store<u64>(target, load<u64>(ids + (<usize>name << 3)))
    else {
      store<u32>(target, name)
      store<u32>(target, 0, 4)
    }
  }
}
