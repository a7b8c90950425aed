/**
 * Weighted sums of patches in a band (channels, planes, rows, width) of the output, float32, and the last pass over
 * voxels that no further patch will reach.
 */
import { floatToHalf } from './parts/half'

/** Puts stored floats into a kept region. @param first in elements */
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
 * Completes the first `planes` x `rows` of every channel: divides by the summed weights, takes away rounding above 1,
 * checks the range, masks by the last channel.
 * @param starts positions of all patches of an axis relative to the first voxel of the band, i32
 * @param myelin voxels whose last channel is not below it become 0 in the other channels; negative: no mask
 * @param limit values must lie strictly below
 * @param line room for `width` floats
 * @returns 1: a value is NaN or not below the limit; 2: a value lies outside [0, 1]
 */
export function finish(
  band: usize, channels: u32, channelStride: u32, planeStride: u32, width: u32,
  planes: u32, rows: u32,
  normalise: u32, weights: usize, patchZ: i32, patchY: i32, patchX: i32,
  startsZ: usize, countZ: u32, startsY: usize, countY: u32, startsX: usize, countX: u32,
  myelin: f32, limit: f32, line: usize,
): u32 {
  let state: u32 = FINE
  for (let z: u32 = 0; z < planes; z++)
    for (let y: u32 = 0; y < rows; y++) {
      if (normalise) {
        sumWeights(line, width, z, y, weights, patchZ, patchY, patchX, startsZ, countZ, startsY, countY, startsX, countX)
        invert(line, width)
      }
      const row = band + ((z * planeStride + y * width) << 2)
      for (let channel: u32 = 0; channel < channels; channel++) {
        const values = row + ((channel * channelStride) << 2)
        if (normalise) multiply(values, line, width)
        state |= finishRow(values, width, limit)
      }
      if (myelin >= 0) mask(row, width, channels - 1, channelStride, myelin)
    }
  return state
}

/** The weights of every patch over one row, added up in patch order. */
function sumWeights(
  line: usize, width: u32, z: i32, y: i32,
  weights: usize, patchZ: i32, patchY: i32, patchX: i32,
  startsZ: usize, countZ: u32, startsY: usize, countY: u32, startsX: usize, countX: u32,
): void {
  memory.fill(line, 0, width << 2)
  for (let a: u32 = 0; a < countZ; a++) {
    const localZ = z - load<i32>(startsZ + (a << 2))
    if (localZ < 0 || localZ >= patchZ) continue
    for (let b: u32 = 0; b < countY; b++) {
      const localY = y - load<i32>(startsY + (b << 2))
      if (localY < 0 || localY >= patchY) continue
      const row = weights + ((<u32>((localZ * patchY + localY) * patchX)) << 2)
      for (let c: u32 = 0; c < countX; c++) {
        const start = load<i32>(startsX + (c << 2))
        const from = max(start, 0)
        const to = min(start + patchX, <i32>width)
        if (from < to) add(line + (from << 2), row + ((from - start) << 2), to - from)
      }
    }
  }
}

function invert(line: usize, count: u32): void {
  const one = f32x4.splat(1)
  const whole = (count & ~3) << 2
  const end = count << 2
  let at: u32 = 0
  for (; at < whole; at += 16) v128.store(line + at, f32x4.div(one, v128.load(line + at)))
  for (; at < end; at += 4) store<f32>(line + at, 1 / load<f32>(line + at))
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
