/**
 * Mean-affinity agglomeration of a region graph: repeatedly merges the pair with the smallest score 1 - mean affinity while it is
 * below the threshold (waterz, OneMinus<MeanAffinity>). Scores are exact at every step: an edge whose mean changed is
 * queued again, and entries that are out of date are dropped when they are met.
 */

const TABLE_EDGE_BYTES: usize = 24
/** An edge at work: ends u32 x 2, sum f64, count u32, version u32, next edge in the list of either end u32 x 2. */
const EDGE: usize = 32
/** A queue entry: score f64, edge u32, version u32. */
const ENTRY: usize = 16
const NONE: u32 = 0xffffffff

let edges: usize = 0
let heads: usize = 0
let degrees: usize = 0
let lookup: usize = 0
let lookupMask: u32 = 0
let lookupUsed: u32 = 0
let edgeTotal: u32 = 0
let queue: usize = 0
let queued: u32 = 0

// @ts-ignore: decorator
@inline function reserve(end: usize): void {
  const pages = <i32>((end + 0xffff) >>> 16) - memory.size()
  if (pages > 0) memory.grow(pages + 64)
}

// @ts-ignore: decorator
@inline function edgeAt(edge: u32): usize {
  return edges + <usize>edge * EDGE
}

// @ts-ignore: decorator
@inline function scoreOf(at: usize): f64 {
  return 1.0 - load<f64>(at, 8) / <f64>load<u32>(at, 16)
}

// @ts-ignore: decorator
@inline function hashOf(one: u32, other: u32): u32 {
  const small = min(one, other)
  const large = max(one, other)
  let mixed = small * 0x9e3779b1 ^ large * 0x85ebca6b
  mixed ^= mixed >>> 15
  return mixed * 0xc2b2ae35
}

/* lookup: edge + 1 by its ends; 0 free, NONE deleted */

function findSlot(one: u32, other: u32): usize {
  let slot = hashOf(one, other) & lookupMask
  while (true) {
    const at = lookup + (<usize>slot << 2)
    const value = load<u32>(at)
    if (!value) return 0
    if (value != NONE) {
      const edge = edgeAt(value - 1)
      const first = load<u32>(edge)
      const second = load<u32>(edge, 4)
      if ((first == one && second == other) || (first == other && second == one)) return at
    }
    slot = (slot + 1) & lookupMask
  }
}

function insert(edge: u32, one: u32, other: u32): void {
  let slot = hashOf(one, other) & lookupMask
  while (true) {
    const at = lookup + (<usize>slot << 2)
    const value = load<u32>(at)
    if (!value || value == NONE) {
      store<u32>(at, edge + 1)
      if (!value && ++lookupUsed > (lookupMask >>> 2) * 3) rebuildLookup()
      return
    }
    slot = (slot + 1) & lookupMask
  }
}

/** Drops the marks of deleted entries, which would otherwise fill the table. */
function rebuildLookup(): void {
  memory.fill(lookup, 0, (<usize>lookupMask + 1) << 2)
  lookupUsed = 0
  for (let edge: u32 = 0; edge < edgeTotal; edge++) {
    const at = edgeAt(edge)
    if (load<u32>(at, 20) != NONE) insert(edge, load<u32>(at), load<u32>(at, 4))
  }
}

/* a binary heap, smallest score first, then smallest edge */

// @ts-ignore: decorator
@inline function before(left: usize, right: usize): bool {
  const a = load<f64>(left)
  const b = load<f64>(right)
  return a < b || (a == b && load<u32>(left, 8) < load<u32>(right, 8))
}

function push(score: f64, edge: u32, version: u32): void {
  let position = queued++
  reserve(queue + <usize>queued * ENTRY)
  const fresh = queue + <usize>position * ENTRY
  store<f64>(fresh, score)
  store<u32>(fresh, edge, 8)
  store<u32>(fresh, version, 12)
  while (position) {
    const parent = (position - 1) >>> 1
    const at = queue + <usize>position * ENTRY
    const above = queue + <usize>parent * ENTRY
    if (!before(at, above)) break
    swap(at, above)
    position = parent
  }
}

function pop(): void {
  queued--
  memory.copy(queue, queue + <usize>queued * ENTRY, ENTRY)
  let position: u32 = 0
  while (true) {
    let child: u32 = 2 * position + 1
    if (child >= queued) break
    if (child + 1 < queued && before(queue + <usize>(child + 1) * ENTRY, queue + <usize>child * ENTRY)) child++
    const at = queue + <usize>position * ENTRY
    const below = queue + <usize>child * ENTRY
    if (!before(below, at)) break
    swap(at, below)
    position = child
  }
}

// @ts-ignore: decorator
@inline function swap(left: usize, right: usize): void {
  const kept = v128.load(left)
  v128.store(left, v128.load(right))
  v128.store(right, kept)
}

/**
 * @param table,capacity,edgeCount the region graph of watershed.ts
 * @param roots out, u32 for ids 0..regions: the id of the region each one ended in
 * @returns number of merges
 */
export function agglomerate(table: usize, capacity: u32, edgeCount: u32, regions: u32, threshold: f64, roots: usize, heap: usize): u32 {
  heads = heap
  degrees = heads + (<usize>(regions + 1) << 2)
  const names = degrees + (<usize>(regions + 1) << 2)
  edges = (names + (<usize>(regions + 1) << 2) + 15) & ~15
  lookup = edges + <usize>edgeCount * EDGE
  let slots: u32 = 1024
  while (slots < edgeCount * 2) slots <<= 1
  lookupMask = slots - 1
  queue = (lookup + (<usize>slots << 2) + 15) & ~15
  queued = 0
  lookupUsed = 0
  edgeTotal = 0
  reserve(queue)
  memory.fill(heads, 0xff, <usize>(regions + 1) << 2)
  memory.fill(degrees, 0, <usize>(regions + 1) << 2)
  memory.fill(lookup, 0, <usize>slots << 2)
  for (let id: u32 = 0; id <= regions; id++) {
    store<u32>(roots + (<usize>id << 2), id)
    store<u32>(names + (<usize>id << 2), id)
  }
  readTable(table, capacity, threshold)

  let merges: u32 = 0
  while (queued) {
    const score = load<f64>(queue)
    if (score >= threshold) break
    const edge = load<u32>(queue, 8)
    const version = load<u32>(queue, 12)
    pop()
    const at = edgeAt(edge)
    if (load<u32>(at, 20) != version) continue
    merge(edge, load<u32>(at), load<u32>(at, 4), threshold, roots, names)
    merges++
  }
  for (let id: u32 = 1; id <= regions; id++) {
    let root = id
    while (load<u32>(roots + (<usize>root << 2)) != root) root = load<u32>(roots + (<usize>root << 2))
    // paths are shortened so that the pass stays linear
    let walk = id
    while (walk != root) {
      const next = load<u32>(roots + (<usize>walk << 2))
      store<u32>(roots + (<usize>walk << 2), root)
      walk = next
    }
  }
  // a region keeps the name of its first end, whichever list was the longer one
  for (let id: u32 = 1; id <= regions; id++) store<u32>(heads + (<usize>id << 2), load<u32>(names + (<usize>load<u32>(roots + (<usize>id << 2)) << 2)))
  memory.copy(roots + 4, heads + 4, <usize>regions << 2)
  return merges
}

function readTable(table: usize, capacity: u32, threshold: f64): void {
  let edge: u32 = 0
  for (let slot: u32 = 0; slot < capacity; slot++) {
    const from = table + <usize>slot * TABLE_EDGE_BYTES
    const first = load<u32>(from)
    if (!first) continue
    const second = load<u32>(from, 4)
    const at = edgeAt(edge)
    store<u32>(at, first)
    store<u32>(at, second, 4)
    store<f64>(at, load<f64>(from, 8), 8)
    store<u32>(at, load<u32>(from, 16), 16)
    store<u32>(at, 0, 20)
    link(edge, at, first)
    link(edge, at, second)
    insert(edge, first, second)
    edgeTotal = edge + 1
    const score = scoreOf(at)
    // two edges at or above the threshold never combine to one below it: those need no place in the queue
    if (score < threshold) push(score, edge, 0)
    edge++
  }
}

/** Puts an edge at the head of a region's list. */
function link(edge: u32, at: usize, region: u32): void {
  const head = heads + (<usize>region << 2)
  const side: usize = load<u32>(at) == region ? 24 : 28
  store<u32>(at + side, load<u32>(head))
  store<u32>(head, edge)
  const degree = degrees + (<usize>region << 2)
  store<u32>(degree, load<u32>(degree) + 1)
}

/** Joins the second end to the first; the shorter list of edges moves over to the other end. */
function merge(edge: u32, first: u32, second: u32, threshold: f64, roots: usize, names: usize): void {
  const firstLonger = load<u32>(degrees + (<usize>first << 2)) >= load<u32>(degrees + (<usize>second << 2))
  const kept = firstLonger ? first : second
  const gone = firstLonger ? second : first
  const name = load<u32>(names + (<usize>first << 2))
  store<u32>(names + (<usize>kept << 2), name)
  store<u32>(roots + (<usize>gone << 2), kept)
  remove(edge, first, second)
  let current = load<u32>(heads + (<usize>gone << 2))
  while (current != NONE) {
    const at = edgeAt(current)
    const isFirst = load<u32>(at) == gone
    const next = load<u32>(at + (isFirst ? 24 : 28))
    // an edge that was combined into another one has version NONE
    if (load<u32>(at, 20) != NONE) {
      const other = isFirst ? load<u32>(at, 4) : load<u32>(at)
      const slot = findSlot(kept, other)
      if (slot) {
        const rival = load<u32>(slot) - 1
        const target = edgeAt(rival)
        store<f64>(target, load<f64>(target, 8) + load<f64>(at, 8), 8)
        store<u32>(target, load<u32>(target, 16) + load<u32>(at, 16), 16)
        const version = load<u32>(target, 20) + 1
        store<u32>(target, version, 20)
        remove(current, gone, other)
        const score = scoreOf(target)
        if (score < threshold) push(score, rival, version)
      } else {
        store<u32>(findSlot(gone, other), NONE)
        if (isFirst) store<u32>(at, kept)
        else store<u32>(at, kept, 4)
        link(current, at, kept)
        insert(current, kept, other)
      }
    }
    current = next
  }
}

function remove(edge: u32, one: u32, other: u32): void {
  store<u32>(findSlot(one, other), NONE)
  store<u32>(edgeAt(edge), NONE, 20)
}
