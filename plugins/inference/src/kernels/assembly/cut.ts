/**
 * Cuts parts of a patch out of a band of the input (channels, planes, rows, width) of any element type and turns them to
 * float32, divided by a constant, in one pass.
 */
import { halfToFloat } from './parts/half'

/** Puts a part of the input into the band. @param first in bytes */
export function put(band: usize, first: u32, source: usize, bytes: u32): void {
  memory.copy(band + first, source, bytes)
}

/**
 * @param type 0 uint8 (and bool), 1 int8, 2 uint16, 3 int16, 4 uint32, 5 int32, 6 uint64, 7 int64, 8 float16, 9 float32, 10 float64
 * @param first element of the band where the part of the patch begins
 * @param patch (nz, ny, nx) float32
 * @returns whether any voxel is not 0
 */
export function cut(
  type: u32, band: usize, first: u32, planeStride: u32, rowStride: u32,
  patch: usize, nz: u32, ny: u32, nx: u32, divisor: f32,
): u32 {
  if (type == 0) cutBytes(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else if (type == 2) cutWords(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else if (type == 9) cutFloats(band, first, planeStride, rowStride, patch, nz, ny, nx)
  else if (type == 8) cutHalves(band, first, planeStride, rowStride, patch, nz, ny, nx)
  else if (type == 1) cutScalars<i8>(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else if (type == 3) cutScalars<i16>(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else if (type == 4) cutScalars<u32>(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else if (type == 5) cutScalars<i32>(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else if (type == 6) cutScalars<u64>(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else if (type == 7) cutScalars<i64>(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  else cutScalars<f64>(band, first, planeStride, rowStride, patch, nz, ny, nx, divisor)
  return holdsSomething(patch, nz * ny * nx)
}

/** Whether any of `count` floats is not 0. */
function holdsSomething(patch: usize, count: u32): u32 {
  const zero = f32x4.splat(0)
  const whole = (count & ~3) << 2
  const end = count << 2
  let at: u32 = 0
  for (; at < whole; at += 16) if (v128.any_true(f32x4.ne(v128.load(patch + at), zero))) return 1
  for (; at < end; at += 4) if (load<f32>(patch + at) != 0) return 1
  return 0
}

function cutScalars<T>(
  band: usize, first: u32, planeStride: u32, rowStride: u32,
  target: usize, nz: u32, ny: u32, nx: u32, divisor: f32,
): void {
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const row = band + (<usize>(first + z * planeStride + y * rowStride)) * sizeof<T>()
      for (let x: u32 = 0; x < nx; x++, target += 4)
        store<f32>(target, <f32>load<T>(row + (<usize>x) * sizeof<T>()) / divisor)
    }
}

function cutBytes(
  band: usize, first: u32, planeStride: u32, rowStride: u32,
  target: usize, nz: u32, ny: u32, nx: u32, divisor: f32,
): void {
  const divisors = f32x4.splat(divisor)
  const whole = nx & ~15
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const row = band + first + z * planeStride + y * rowStride
      for (let x: u32 = 0; x < whole; x += 16, target += 64) {
        const bytes = v128.load(row + x)
        const low = i16x8.extend_low_i8x16_u(bytes)
        const high = i16x8.extend_high_i8x16_u(bytes)
        v128.store(target, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low)), divisors))
        v128.store(target, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low)), divisors), 16)
        v128.store(target, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high)), divisors), 32)
        v128.store(target, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high)), divisors), 48)
      }
      for (let x = whole; x < nx; x++, target += 4) store<f32>(target, <f32>load<u8>(row + x) / divisor)
    }
}

function cutWords(
  band: usize, first: u32, planeStride: u32, rowStride: u32,
  target: usize, nz: u32, ny: u32, nx: u32, divisor: f32,
): void {
  const divisors = f32x4.splat(divisor)
  const whole = nx & ~7
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const row = band + ((first + z * planeStride + y * rowStride) << 1)
      for (let x: u32 = 0; x < whole; x += 8, target += 32) {
        const words = v128.load(row + (x << 1))
        v128.store(target, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words)), divisors))
        v128.store(target, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(words)), divisors), 16)
      }
      for (let x = whole; x < nx; x++, target += 4) store<f32>(target, <f32>load<u16>(row + (x << 1)) / divisor)
    }
}

function cutFloats(
  band: usize, first: u32, planeStride: u32, rowStride: u32,
  target: usize, nz: u32, ny: u32, nx: u32,
): void {
  const bytes = nx << 2
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++, target += bytes)
      memory.copy(target, band + ((first + z * planeStride + y * rowStride) << 2), bytes)
}

function cutHalves(
  band: usize, first: u32, planeStride: u32, rowStride: u32,
  target: usize, nz: u32, ny: u32, nx: u32,
): void {
  for (let z: u32 = 0; z < nz; z++)
    for (let y: u32 = 0; y < ny; y++) {
      const row = band + ((first + z * planeStride + y * rowStride) << 1)
      for (let x: u32 = 0; x < nx; x++, target += 4) store<f32>(target, halfToFloat(load<u16>(row + (x << 1))))
    }
}
