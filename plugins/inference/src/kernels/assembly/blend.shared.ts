/**
 * Weighted sums of patches in a band (channels, planes, rows, width) of the output, or in all of it, float32, and the last
 * pass over voxels that no further patch will reach. Memory is shared: the output may stay where it was made.
 */
import { floatToHalf } from './parts/half'

/** Makes a kept region, and leaves it alone. */
export function hold(region: usize): void {}

/** Puts stored floats, or bytes, into a kept region. @param first in elements of 4 bytes */
export function read(region: usize, first: u32, source: usize, bytes: u32): void {
  memory.copy(region + (first << 2), source, bytes)
}

/** Moves a part of the band out as float16. */
export function writeHalf(band: usize, first: u32, target: usize, count: u32): void {
  const source = band + (first << 2)
  for (let index: u32 = 0; index < count; index++)
    store<u16>(target + (index << 1), floatToHalf(load<f32>(source + (index << 2))))
}

/**
 * band += patch * weights over nz x ny x nx voxels of one channel. Firsts and strides count elements. Where nothing was
 * added yet (planes from `touchedZ`, rows from `touchedY`, columns from `touchedX`, counted from where the sum begins) the
 * band holds old data and is overwritten.
 * @param weighted 1: the patch is already multiplied by the weights
 */
export function blend(
  band: usize, bandFirst: u32, bandPlane: u32, bandRow: u32,
  patch: usize, patchFirst: u32, patchPlane: u32, patchRow: u32,
  weights: usize, weightFirst: u32, weightPlane: u32, weightRow: u32,
  nz: u32, ny: u32, nx: u32,
  touchedZ: i32, touchedY: i32, touchedX: i32, weighted: u32,
): void {
  const touched = <u32>max(0, min(touchedX, <i32>nx))
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const sum = band + ((bandFirst + z * bandPlane + y * bandRow) << 2)
      const value = patch + ((patchFirst + z * patchPlane + y * patchRow) << 2)
      const weight = weights + ((weightFirst + z * weightPlane + y * weightRow) << 2)
      const added = <i32>z >= touchedZ && <i32>y >= touchedY ? touched : nx
      const start = added << 2
      if (weighted) {
        add(sum, value, added)
        memory.copy(sum + start, value + start, (nx - added) << 2)
      } else {
        addProducts(sum, value, weight, added)
        putProducts(sum + start, value + start, weight + start, nx - added)
      }
    }
}

/** What adding a patch of zeros does: only what holds old data changes. Arguments as of {@link blend}. */
export function clear(
  band: usize, bandFirst: u32, bandPlane: u32, bandRow: u32,
  nz: u32, ny: u32, nx: u32,
  touchedZ: i32, touchedY: i32, touchedX: i32,
): void {
  const touched = <u32>max(0, min(touchedX, <i32>nx))
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const added = <i32>z >= touchedZ && <i32>y >= touchedY ? touched : nx
      const first = bandFirst + z * bandPlane + y * bandRow + added
      memory.fill(band + (first << 2), 0, (nx - added) << 2)
    }
}

function add(sum: usize, value: usize, count: u32): void {
  const whole = (count & ~3) << 2
  const end = count << 2
  let at: u32 = 0
  for (; at < whole; at += 16) v128.store(sum + at, f32x4.add(v128.load(sum + at), v128.load(value + at)))
  for (; at < end; at += 4) store<f32>(sum + at, load<f32>(sum + at) + load<f32>(value + at))
}

function addProducts(sum: usize, value: usize, weight: usize, count: u32): void {
  const whole = (count & ~7) << 2
  const end = count << 2
  let at: u32 = 0
  for (; at < whole; at += 32) {
    const low = f32x4.mul(v128.load(value + at), v128.load(weight + at))
    const high = f32x4.mul(v128.load(value + at, 16), v128.load(weight + at, 16))
    v128.store(sum + at, f32x4.add(v128.load(sum + at), low))
    v128.store(sum + at, f32x4.add(v128.load(sum + at, 16), high), 16)
  }
  for (; at < end; at += 4)
    store<f32>(sum + at, load<f32>(sum + at) + load<f32>(value + at) * load<f32>(weight + at))
}

function putProducts(sum: usize, value: usize, weight: usize, count: u32): void {
  const whole = (count & ~7) << 2
  const end = count << 2
  let at: u32 = 0
  for (; at < whole; at += 32) {
    v128.store(sum + at, f32x4.mul(v128.load(value + at), v128.load(weight + at)))
    v128.store(sum + at, f32x4.mul(v128.load(value + at, 16), v128.load(weight + at, 16)), 16)
  }
  for (; at < end; at += 4) store<f32>(sum + at, load<f32>(value + at) * load<f32>(weight + at))
}

/** Excess over 1 that rounding alone explains: a weighted mean of values up to 1 is at most 1. */
const ROUNDING: f32 = 0.000002

/**
 * Completes `planes` x `rows` of every channel, from element `first` of the band on: divides by the summed weights, takes away rounding above 1,
 * checks the range, masks by the last channel.
 *
 * Factors (1 / sum) are made for one row of classes at a time (see weight-sums.ts). Rows that have a slot are made once and
 * found there by all rows covered alike, of this chunk and of later ones.
 * @param normalise 0: the parameters up to `sources` have no meaning
 * @param startsZ,startsY positions of all patches of an axis relative to the first of these voxels, i32
 * @param pieces i32: first class, classes, patches along x, offset of the first class in each of them
 * @param runs i32: first voxel, first class, voxels
 * @param slots (planes, rows) i32: where the factors of a row are kept, -1 where they are not
 * @param made (slots) u8: 1 where `kept` holds the factors
 * @param kept (slots, classes) f32
 * @param line room for `classes` floats
 * @param sources room for an address for each patch that covers a voxel
 * @param myelin voxels whose last channel is not below it become 0 in the other channels; negative: no mask
 * @param limit values must lie strictly below
 * @returns 1: a value is NaN or not below the limit; 2: a value lies outside [0, 1]
 */
export function finish(
  band: usize, first: u32, channels: u32, channelStride: u32, planeStride: u32, width: u32,
  planes: u32, rows: u32,
  normalise: u32, weights: usize, patchZ: i32, patchY: i32, patchX: i32,
  startsZ: usize, countZ: u32, startsY: usize, countY: u32,
  classes: u32, pieces: usize, pieceCount: u32, runs: usize, runCount: u32,
  slots: usize, made: usize, kept: usize, line: usize, sources: usize,
  myelin: f32, limit: f32,
): u32 {
  let state: u32 = FINE
  for (let z: u32 = 0; z < planes; z++)
    for (let y: u32 = 0; y < rows; y++) {
      let factors = line
      if (normalise) {
        const slot = load<i32>(slots + ((z * rows + y) << 2))
        if (slot >= 0) factors = kept + ((<u32>slot * classes) << 2)
        if (slot < 0 || load<u8>(made + slot) == 0) {
          const end = coveringRows(sources, z, y, weights, patchZ, patchY, patchX, startsZ, countZ, startsY, countY)
          invertSums(factors, pieces, pieceCount, sources, end)
          if (slot >= 0) store<u8>(made + slot, 1)
        }
      }
      const row = band + ((first + z * planeStride + y * width) << 2)
      for (let channel: u32 = 0; channel < channels; channel++) {
        const values = row + ((channel * channelStride) << 2)
        if (normalise) multiplyRuns(values, factors, runs, runCount)
        state |= finishRow(values, width, limit)
      }
      if (myelin >= 0) mask(row, width, channels - 1, channelStride, myelin)
    }
  return state
}

/** Lists the rows of weights that patches have over one row of the band. @returns the end of the list */
function coveringRows(
  list: usize, z: i32, y: i32,
  weights: usize, patchZ: i32, patchY: i32, patchX: i32,
  startsZ: usize, countZ: u32, startsY: usize, countY: u32,
): usize {
  let end = list
  for (let a: u32 = 0; a < countZ; a++) {
    const localZ = z - load<i32>(startsZ + (a << 2))
    if (localZ < 0 || localZ >= patchZ) continue
    for (let b: u32 = 0; b < countY; b++) {
      const localY = y - load<i32>(startsY + (b << 2))
      if (localY < 0 || localY >= patchY) continue
      store<u32>(end, <u32>weights + ((<u32>((localZ * patchY + localY) * patchX)) << 2))
      end += 4
    }
  }
  return end
}

/**
 * Factors of a row of classes: 1 / the weights of every patch over it, added up in patch order.
 * @param covering,end list of rows of weights; behind it room for all patches that cover a voxel
 */
function invertSums(factors: usize, pieces: usize, pieceCount: u32, covering: usize, end: usize): void {
  let at = pieces
  for (let piece: u32 = 0; piece < pieceCount; piece++) {
    const target = factors + (load<u32>(at) << 2)
    const count = load<u32>(at, 4)
    const offsets = at + 12
    at = offsets + (load<u32>(at, 8) << 2)
    let last = end
    for (let row = covering; row < end; row += 4)
      for (let offset = offsets; offset < at; offset += 4, last += 4)
        store<u32>(last, load<u32>(row) + (load<u32>(offset) << 2))
    invertSum(target, count, end, last)
  }
}

/** target = 1 / the sum of all sources, `count` floats of each. */
function invertSum(target: usize, count: u32, sources: usize, end: usize): void {
  const bytes = count << 2
  if (count < 16) {
    for (let at: u32 = 0; at < bytes; at += 4) {
      let sum = load<f32>(load<u32>(sources) + at)
      for (let source = sources + 4; source < end; source += 4) sum += load<f32>(load<u32>(source) + at)
      store<f32>(target + at, 1 / sum)
    }
    return
  }
  const one = f32x4.splat(1)
  for (let next: u32 = 0; next < bytes; next += 64) {
    // the last block begins earlier, so that it is whole
    const at = min(next, bytes - 64)
    const first = load<u32>(sources) + at
    let sum0 = v128.load(first)
    let sum1 = v128.load(first, 16)
    let sum2 = v128.load(first, 32)
    let sum3 = v128.load(first, 48)
    for (let source = sources + 4; source < end; source += 4) {
      const more = load<u32>(source) + at
      sum0 = f32x4.add(sum0, v128.load(more))
      sum1 = f32x4.add(sum1, v128.load(more, 16))
      sum2 = f32x4.add(sum2, v128.load(more, 32))
      sum3 = f32x4.add(sum3, v128.load(more, 48))
    }
    v128.store(target + at, f32x4.div(one, sum0))
    v128.store(target + at, f32x4.div(one, sum1), 16)
    v128.store(target + at, f32x4.div(one, sum2), 32)
    v128.store(target + at, f32x4.div(one, sum3), 48)
  }
}

/** Multiplies a row of voxels by the factors of their classes. */
function multiplyRuns(values: usize, factors: usize, runs: usize, runCount: u32): void {
  for (let run: u32 = 0; run < runCount; run++) {
    const at = runs + run * 12
    multiply(values + (load<u32>(at) << 2), factors + (load<u32>(at, 4) << 2), load<u32>(at, 8))
  }
}

function multiply(values: usize, factors: usize, count: u32): void {
  const whole = (count & ~3) << 2
  const end = count << 2
  let at: u32 = 0
  for (; at < whole; at += 16) v128.store(values + at, f32x4.mul(v128.load(values + at), v128.load(factors + at)))
  for (; at < end; at += 4) store<f32>(values + at, load<f32>(values + at) * load<f32>(factors + at))
}

const FINE: u32 = 0
const BROKEN: u32 = 1
const OUTSIDE: u32 = 2

/** Takes away rounding above 1. @returns BROKEN and OUTSIDE as bits, as `finish` */
function finishRow(values: usize, count: u32, limit: f32): u32 {
  const whole = (count & ~3) << 2
  const zero = f32x4.splat(0)
  const one = f32x4.splat(1)
  let within = i32x4.splat(-1)
  for (let at: u32 = 0; at < whole; at += 16) {
    const value = v128.load(values + at)
    // false for NaN
    within = v128.and(within, v128.and(f32x4.ge(value, zero), f32x4.le(value, one)))
  }
  return finishScalars(values, i32x4.all_true(within) ? whole : 0, count << 2, limit)
}

function finishScalars(values: usize, from: u32, end: u32, limit: f32): u32 {
  let state = FINE
  for (let at = from; at < end; at += 4) {
    const value = load<f32>(values + at)
    if (value >= 0 && value <= 1) continue
    if (value > 1 && value <= 1 + ROUNDING) {
      store<f32>(values + at, 1)
      continue
    }
    state |= OUTSIDE
    if (!(value < limit)) state |= BROKEN
  }
  return state
}

function mask(row: usize, count: u32, channels: u32, channelStride: u32, threshold: f32): void {
  const last = row + ((channels * channelStride) << 2)
  for (let channel: u32 = 0; channel < channels; channel++) {
    const values = row + ((channel * channelStride) << 2)
    for (let x: u32 = 0; x < count; x++)
      if (!(load<f32>(last + (x << 2)) < threshold)) store<f32>(values + (x << 2), 0)
  }
}
