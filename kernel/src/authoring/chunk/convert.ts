import { chunkflowError } from '../errors/chunkflow-error.js'
import { type Chunk, createChunk, inferAgain, withProperties } from './chunk.js'
import { allocate, DTYPES, type Dtype, isBigDtype, isFloat, type TypedArray } from './dtype.js'
import { float16ToNumber, numberToFloat16 } from './float16.js'

/**
 * The same values in another element type. Integers wrap at the new width and floats are truncated towards
 * zero, as NumPy's `astype` on the common platforms; NaN and infinities become 0. Keeps offset, voxel size and layer type.
 * The same dtype returns the same chunk.
 */
export function astype(chunk: Chunk, dtype: Dtype): Chunk {
  if (dtype === chunk.dtype) return chunk
  const data = convertElements(chunk.data, chunk.dtype, dtype)
  return withProperties(chunk, { data, dtype })
}

/** {@link astype} on bare arrays; the result is new, on shared memory. */
export function convertElements(from: TypedArray, fromDtype: Dtype, toDtype: Dtype): TypedArray {
  const to = allocate(toDtype, from.length)
  convertInto(from, fromDtype, to, toDtype)
  return to
}

function convertInto(from: TypedArray, fromDtype: Dtype, to: TypedArray, toDtype: Dtype): void {
  const length = from.length
  if (fromDtype === 'float16') {
    const wide = new Float32Array(length)
    for (let index = 0; index < length; index++) wide[index] = float16ToNumber(from[index] as number)
    convertInto(wide, 'float32', to, toDtype)
    return
  }
  if (toDtype === 'bool') {
    const zero = isBigDtype(fromDtype) ? 0n : 0
    const out = to as Uint8Array
    for (let index = 0; index < length; index++) out[index] = from[index] === zero ? 0 : 1
    return
  }
  if (toDtype === 'float16') {
    const out = to as Uint16Array
    for (let index = 0; index < length; index++) out[index] = numberToFloat16(Number(from[index]))
    return
  }
  if (isBigDtype(fromDtype)) fromBigIntegers(from as BigUint64Array, to, toDtype)
  else if (isBigDtype(toDtype)) toBigIntegers(from as Float64Array, fromDtype, to as BigInt64Array)
  else if (isFloat(fromDtype) && DTYPES[toDtype].bytes === 4 && !isFloat(toDtype))
    floatsToWords(from as Float64Array, to as Uint32Array)
  else (to as Float64Array).set(from as Float64Array)
}

/** Typed arrays wrap as ToInt32 does: right for every source of up to 32 bits and for floats below 2^53. */
function floatsToWords(from: Float64Array, to: Uint32Array): void {
  for (let index = 0; index < from.length; index++) to[index] = from[index]!
}

function fromBigIntegers(from: BigUint64Array, to: TypedArray, toDtype: Dtype): void {
  if (isBigDtype(toDtype)) {
    ;(to as BigUint64Array).set(from)
    return
  }
  if (isFloat(toDtype)) {
    const out = to as Float64Array
    for (let index = 0; index < from.length; index++) out[index] = Number(from[index]!)
    return
  }
  // low words carry every bit a narrower integer can hold
  const words = new Uint32Array(from.buffer, from.byteOffset, from.length * 2)
  const out = to as Uint32Array
  for (let index = 0; index < from.length; index++) out[index] = words[2 * index]!
}

function toBigIntegers(from: Float64Array, fromDtype: Dtype, to: BigInt64Array): void {
  if (!isFloat(fromDtype)) {
    const words = new Int32Array(to.buffer, to.byteOffset, to.length * 2)
    const signed = DTYPES[fromDtype].kind === 'signed'
    for (let index = 0; index < from.length; index++) {
      const value = from[index]!
      words[2 * index] = value
      words[2 * index + 1] = signed && value < 0 ? -1 : 0
    }
    return
  }
  for (let index = 0; index < from.length; index++) {
    const value = from[index]!
    to[index] = Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
  }
}

/** Adds a channel axis of `count` equal copies. */
export function repeatChannels(chunk: Chunk, count: number): Chunk {
  if (chunk.shape.length !== 3)
    throw chunkflowError('shape-mismatch', 'Only a 3-D chunk can be repeated over channels')
  const data = allocate(chunk.dtype, chunk.data.length * count)
  for (let channel = 0; channel < count; channel++)
    (data as Uint8Array).set(chunk.data as Uint8Array, channel * chunk.data.length)
  return inferAgain(
    createChunk(data, [count, ...chunk.shape], {
      dtype: chunk.dtype,
      voxelOffset: chunk.voxelOffset,
      voxelSize: chunk.voxelSize,
    }),
  )
}
