// Connected components on runs of equal non-zero value.
//
// Rows arrive in scan order, a piece at a time. A row is cut into runs, and each run is joined with the runs of equal
// value that it touches in the up to four rows behind it, by union-find in which the lower run is always the root. Runs
// are numbered in scan order, so numbering the roots in order gives labels in scan order of their first voxel.
//
// All decisions are made on masks of 64 voxels: where a row changes, where it equals the row behind. A stretch of equal
// voxels inside one run of both rows is joined once, at its first voxel; the run of a voxel is found by counting the run
// starts up to it. Stretches with a covered voxel, which other rows have joined already, are left out. So the work per voxel
// is free of branches and the work per run is one look at two parents. A row with one value besides 0 is its own mask: two of
// them (all rows, in a binary volume) are compared without a look at their voxels.
//
// Memory above `heap`: room for the caller's pieces; masks of the row in work; a ring of the last rows (their voxels,
// joined voxels, run starts, changes, voxels other than 0, the number of runs before each word, and the one value); a table of the first run of each row; and the runs,
// which end the memory and grow. A run is { parent u32, start u32, end u32 }, start and end counting voxels in its row.

import { equal64, same64 } from './parts/masks'

const RUN_BYTES: usize = 12
// places in a run; its parent, later its label, comes first
const START: usize = 4
const END: usize = 8

let runs: usize = 0
let runCount: u32 = 0
let rowTable: usize = 0
let rowCount: u32 = 0
let rowLength: u32 = 0
let rowBytes: usize = 0
/** 64-voxel words of a row. */
let words: u32 = 0
let sectionRows: u32 = 0
/** Place of the first row in its section. */
let firstY: u32 = 0
let connectivity: u32 = 0

// masks, one bit a voxel: one that is written only; an empty one
let unused: usize = 0
let none: usize = 0
/** Voxels of the row in work that are joined with the section behind by way of the row behind. */
let roundabout: usize = 0

let ring: usize = 0
let ringRows: u32 = 0
let ringBytes: usize = 0
// places in a ring entry; the voxels come first. The masks of equal voxels are those of joined ones: not zero, and equal to
// the row behind, or to that row of the section behind
let equalRow: usize = 0
let equalSection: usize = 0
let starts: usize = 0
let changes: usize = 0
let solids: usize = 0
let ranks: usize = 0
/** The value of all voxels of a row that are not 0, as u64; 0 where there are none; MIXED. */
let value: usize = 0
/** No label that a row could have alone: nothing is lost where it does. */
const MIXED: u64 = ~0

/** First row of the piece in work: its voxels are in the ring only when it is done. */
let pieceRow: u32 = 0

/** Grows the memory to `end` and a little more: rows are compared 64 voxels at a time. */
function reserve(end: u64): void {
  const missing = <i32>((end + 0x103ff) >> 16) - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) unreachable()
}

/**
 * Prepares for `rows` rows of `length` voxels in sections of `rowsPerSection`, beginning at row `y` of one.
 * Pieces take at most `pieceBytes`.
 */
export function begin(heap: usize, pieceBytes: u32, length: u32, rows: u32, rowsPerSection: u32, y: u32, neighbours: u32, labelBytes: u32): void {
  rowLength = length
  rowBytes = <usize>length * labelBytes
  words = (length + 63) >>> 6
  sectionRows = rowsPerSection
  firstY = y
  connectivity = neighbours
  runCount = 0
  rowCount = 0
  const maskBytes = <usize>words << 3
  unused = heap + ((<usize>pieceBytes + 79) & ~15)
  none = unused + maskBytes
  roundabout = none + maskBytes
  ring = (roundabout + maskBytes + 15) & ~15
  ringRows = min(rowsPerSection + 2, rows)
  equalRow = (rowBytes + 7) & ~7
  equalSection = equalRow + maskBytes
  starts = equalSection + maskBytes
  changes = starts + maskBytes
  solids = changes + maskBytes
  value = solids + maskBytes
  ranks = value + 8
  ringBytes = (ranks + (<usize>words << 2) + 15) & ~15
  rowTable = ring + <usize>ringRows * ringBytes
  runs = rowTable + (<usize>rows + 1) * 4
  reserve(<u64>ring + <u64>ringRows * ringBytes + (<u64>rows + 1) * 4)
  memory.fill(none, 0, maskBytes)
}

@inline
function runAt(index: u32): usize { return runs + <usize>index * RUN_BYTES }
/** The ring entry of the row `back` rows before that of `entry`; fewer than `ringRows`. */
@inline
function entryBefore(entry: usize, back: u32): usize {
  const before = entry - <usize>back * ringBytes
  return entry - ring < <usize>back * ringBytes ? before + <usize>ringRows * ringBytes : before
}

/** Cuts a row into runs and leaves its masks. */
function cutRow<T>(row: usize, entry: usize): void {
  const zero = i32x4.splat(0)
  let count = runCount
  let ended = runCount
  /** Whether the voxel before the word is not zero. */
  let before: u64 = 0
  let single: u64 = 0
  let singles = zero
  for (let word: u32 = 0; word < words; word++) {
    const x = word << 6
    const at = row + <usize>x * sizeof<T>()
    const valid: u64 = rowLength - x >= 64 ? ~0 : ((<u64>1) << (rowLength - x)) - 1
    const solid = ~same64<T>(at, zero) & valid
    if (single == 0 && solid != 0) {
      const first = load<T>(at + <usize>ctz(solid) * sizeof<T>())
      single = <u64>first
      singles = v128.splat<T>(first)
    }
    if (single != MIXED && solid != 0 && (same64<T>(at, singles) & valid) != solid) single = MIXED
    let change = single == MIXED ? ~equal64<T>(at, at - sizeof<T>()) : solid ^ (solid << 1 | before)
    // what lies before a row is not its neighbour
    if (word == 0) change |= 1
    change &= valid
    let opening = change & solid
    let closing = change & (solid << 1 | before)
    before = solid >> 63
    const place = <usize>word << 3
    store<u64>(entry + solids + place, solid)
    store<u64>(entry + starts + place, opening)
    store<u64>(entry + changes + place, change)
    store<u32>(entry + ranks + (<usize>word << 2), count)
    while (opening != 0) {
      const run = runAt(count)
      store<u32>(run, count)
      store<u32>(run, x + <u32>ctz(opening), START)
      count++
      opening &= opening - 1
    }
    while (closing != 0) {
      store<u32>(runAt(ended), x + <u32>ctz(closing), END)
      ended++
      closing &= closing - 1
    }
  }
  if (ended < count) store<u32>(runAt(ended), rowLength, END)
  runCount = count
  store<u64>(entry + value, single)
}

@inline
function find(index: u32): u32 {
  let parent = load<u32>(runAt(index))
  while (parent != index) {
    const above = load<u32>(runAt(parent))
    store<u32>(runAt(index), above)
    index = parent
    parent = above
  }
  return index
}

function unite(left: u32, right: u32): void {
  left = find(left)
  right = find(right)
  if (left < right) store<u32>(runAt(right), left)
  else store<u32>(runAt(left), right)
}

@inline
function joinRuns(left: u32, right: u32): void {
  if (load<u32>(runAt(left)) != load<u32>(runAt(right))) unite(left, right)
}

/** Runs that began up to bit `bit`, counted from the word's rank. */
@inline
function upTo(opening: u64, bit: u32): u32 { return <u32>popcnt(opening & (~(<u64>0) >> (63 - <u64>bit))) }
@inline
function before(opening: u64, bit: u32): u32 { return <u32>popcnt(opening & (((<u64>1) << <u64>bit) - 1)) }

/** One voxel of each stretch that begins in the word and meets no covered voxel. */
function uncovered(same: u64, change: u64, cover: u64, continued: u64): u64 {
  let stretches = same & ~(same << 1 & ~change | continued)
  let places: u64 = 0
  const breaks = ~same | change
  while (stretches != 0) {
    const first = stretches & (0 - stretches)
    stretches ^= first
    // the stretch is all bits from its first to below the next break (or to the top)
    const next = breaks & (0 - (first << 1))
    if (((next & (0 - next)) - first & cover) == 0) places |= first
  }
  return places
}

/**
 * Joins the row in work with the row `back` rows behind it.
 * @param equal where to leave the mask of equal voxels
 * @param coverA @param coverB masks of voxels equal to rows that were joined with this row behind at the same x: stretches
 * that meet one are joined already
 * @param corners also joins voxels that touch by their corners in the plane of the two rows
 */
function joinRow<T>(row: usize, entry: usize, back: u32, equal: usize, coverA: usize, coverB: usize, corners: bool): void {
  const otherEntry = entryBefore(entry, back)
  const behind = rowCount - back >= pieceRow ? row - <usize>back * rowBytes : otherEntry
  const solidMask = entry + solids
  const otherSolidMask = otherEntry + solids
  const single = load<u64>(entry + value)
  const otherSingle = load<u64>(otherEntry + value)
  const compared = single == MIXED || otherSingle == MIXED
  const sameValue: u64 = single == otherSingle ? ~0 : 0
  const changeMask = entry + changes
  const openingMask = entry + starts
  const rankTable = entry + ranks
  const otherChangeMask = otherEntry + changes
  const otherOpeningMask = otherEntry + starts
  const otherRankTable = otherEntry + ranks
  const count = words
  let solidBefore: u64 = 0
  let otherBefore: u64 = 0
  let equalBefore: u64 = 0
  for (let word: u32 = 0; word < count; word++) {
    const place = <usize>word << 3
    const solid = load<u64>(solidMask + place)
    const otherSolid = load<u64>(otherSolidMask + place) & sameValue
    if ((solid | solidBefore) == 0) {
      store<u64>(equal + place, 0)
      equalBefore = 0
      otherBefore = otherSolid >> 63
      continue
    }
    const offset = (<usize>word << 6) * sizeof<T>()
    const left = row + offset
    const right = behind + offset
    const change = load<u64>(changeMask + place)
    const opening = load<u64>(openingMask + place)
    const otherOpening = load<u64>(otherOpeningMask + place)
    const rank = load<u32>(rankTable + (<usize>word << 2)) - 1
    const otherRank = load<u32>(otherRankTable + (<usize>word << 2)) - 1
    const same = compared ? equal64<T>(left, right) & solid : otherSolid & solid
    store<u64>(equal + place, same)
    const cover = load<u64>(coverA + place) | load<u64>(coverB + place)
    const continued = equalBefore & ~change
    equalBefore = same >> 63
    let places: u64
    if ((same & same << 1 & change) == 0) {
      // Stretches lie apart, so all are looked at in one addition: a covered voxel carries to the place after its stretch
      const carried = same + (cover & same | same & continued)
      places = same & ~(same >> 1) & ~((carried & ~same) >> 1)
      if (carried < same) places &= ~(<u64>0) >> 1
    } else places = uncovered(same, change, cover, continued)
    for (; places != 0; places &= places - 1) {
      const bit = <u32>ctz(places)
      joinRuns(rank + upTo(opening, bit), otherRank + upTo(otherOpening, bit))
    }
    if (corners) {
      // a corner matters only where both rows change: elsewhere the voxel between joins the two
      let edges = change & load<u64>(otherChangeMask + place)
      if (word == 0) edges &= ~1
      if (edges != 0) {
        let falling = (compared ? equal64<T>(left, right - sizeof<T>()) : otherSolid << 1 | otherBefore) & edges & solid
        let rising = (compared ? equal64<T>(left - sizeof<T>(), right) : otherSolid) & edges & (solid << 1 | solidBefore)
        while (falling != 0) {
          const bit = <u32>ctz(falling)
          falling &= falling - 1
          joinRuns(rank + upTo(opening, bit), otherRank + before(otherOpening, bit))
        }
        while (rising != 0) {
          const bit = <u32>ctz(rising)
          rising &= rising - 1
          joinRuns(rank + before(opening, bit), otherRank + upTo(otherOpening, bit))
        }
      }
    }
    solidBefore = solid >> 63
    otherBefore = otherSolid >> 63
  }
}

/** Joins the row in work, row `y` of its section, with the up to four rows behind it. */
function joinBehind<T>(voxels: usize, entry: usize, y: u32): void {
  const row = rowCount
  const corners = connectivity > 6
  const diagonalCorners = connectivity == 26
  const hasRow = y > 0 && row > 0
  const hasSection = row >= sectionRows
  const besides = entry + equalRow
  const above = entry + equalSection
  if (hasRow) joinRow<T>(voxels, entry, 1, besides, none, none, corners)
  else memory.copy(besides, none, <usize>words << 3)
  if (!hasSection) memory.copy(above, none, <usize>words << 3)
  else if (!hasRow) joinRow<T>(voxels, entry, sectionRows, above, none, none, corners)
  else if (corners) joinRow<T>(voxels, entry, sectionRows, above, besides, none, true)
  else {
    // four equal voxels in a square of two rows and two sections: three joins are enough. Rows without runs leave old masks,
    // but nothing equals their voxels
    const rowBehind = entryBefore(entry, 1) + equalSection
    const sectionBehind = entryBefore(entry, sectionRows) + equalRow
    for (let place: usize = 0; place < <usize>words << 3; place += 8)
      store<u64>(roundabout + place, load<u64>(besides + place) & load<u64>(rowBehind + place) & load<u64>(sectionBehind + place))
    joinRow<T>(voxels, entry, sectionRows, above, roundabout, none, false)
  }
  if (!corners) return
  const covered = hasSection ? above : none
  if (y > 0 && row > sectionRows)
    joinRow<T>(voxels, entry, sectionRows + 1, unused, covered, hasRow ? besides : none, diagonalCorners)
  if (y + 1 < sectionRows && row + 1 >= sectionRows)
    joinRow<T>(voxels, entry, sectionRows - 1, unused, covered, none, diagonalCorners)
}

@inline
function scan<T>(data: usize, rows: u32): void {
  reserve(<u64>runAt(runCount) + <u64>rows * rowLength * RUN_BYTES)
  pieceRow = rowCount
  let entry = ring + <usize>(rowCount % ringRows) * ringBytes
  let y = (firstY + rowCount) % sectionRows
  let voxels = data
  for (const last = rowCount + rows; rowCount < last; rowCount++) {
    const first = runCount
    store<u32>(rowTable + (<usize>rowCount << 2), first)
    cutRow<T>(voxels, entry)
    if (first != runCount) joinBehind<T>(voxels, entry, y)
    voxels += rowBytes
    entry += ringBytes
    if (entry == rowTable) entry = ring
    if (++y == sectionRows) y = 0
  }
  store<u32>(rowTable + (<usize>rowCount << 2), runCount)
  for (let back: u32 = min(rows, ringRows); back > 0; back--) {
    // at this point `entry` is that of the next row, which is also that of the oldest
    memory.copy(back == ringRows ? entry : entryBefore(entry, back), voxels - <usize>back * rowBytes, rowBytes)
  }
}

/** The next `rows` rows. */
export function scan8(data: usize, rows: u32): void { scan<u8>(data, rows) }
export function scan16(data: usize, rows: u32): void { scan<u16>(data, rows) }
export function scan32(data: usize, rows: u32): void { scan<u32>(data, rows) }
export function scan64(data: usize, rows: u32): void { scan<u64>(data, rows) }

/** Numbers the components from `base` + 1; returns the last number. */
export function resolve(base: u32): u32 {
  let count = base
  for (let index: u32 = 0; index < runCount; index++) {
    const parent = load<u32>(runAt(index))
    // a parent is a lower run, so it holds its label already
    store<u32>(runAt(index), parent == index ? ++count : load<u32>(runAt(parent)))
  }
  return count
}

/** Stores rounded up to 64 bytes: the next fill overwrites what was too much. */
@inline
function fill(target: usize, end: usize, value: v128): void {
  for (; target < end; target += 64) {
    v128.store(target, value)
    v128.store(target, value, 16)
    v128.store(target, value, 32)
    v128.store(target, value, 48)
  }
}

@inline
function firstRun(row: u32): u32 { return load<u32>(rowTable + (<usize>row << 2)) }

/** Writes the labels of `rows` rows from row `first` on, as u32. Up to 63 bytes behind them are overwritten. */
export function write(target: usize, first: u32, rows: u32): void {
  const zero = i32x4.splat(0)
  for (let row = first; row < first + rows; row++) {
    let position = target
    const last = firstRun(row + 1)
    for (let index = firstRun(row); index < last; index++) {
      const run = runAt(index)
      const start = target + (<usize>load<u32>(run, START) << 2)
      const end = target + (<usize>load<u32>(run, END) << 2)
      fill(position, start, zero)
      fill(start, end, i32x4.splat(load<u32>(run)))
      position = end
    }
    target += <usize>rowLength << 2
    fill(position, target, zero)
  }
}
