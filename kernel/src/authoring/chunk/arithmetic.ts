import { chunkflowError } from '../errors/chunkflow-error.js'
import { type Chunk, createChunk, describeChunk, isChunk } from './chunk.js'
import { convertElements } from './convert.js'
import { allocate, DTYPES, type Dtype, isBigDtype, isFloat, type TypedArray } from './dtype.js'
import { numberToFloat16 } from './float16.js'

export type ArithmeticOperator = 'add' | 'subtract' | 'multiply' | 'divide'
export type ComparisonOperator = 'greater' | 'greater-equal' | 'less' | 'less-equal' | 'equal' | 'not-equal'

/** The dtype NumPy gives to an operation between two arrays. */
export function promoteDtypes(left: Dtype, right: Dtype): Dtype {
  if (left === right) return left
  if (left === 'bool') return right
  if (right === 'bool') return left
  if (isFloat(left) || isFloat(right)) return promoteFloat(left, right)
  const [a, b] = [DTYPES[left], DTYPES[right]]
  if (a.kind === b.kind) return a.bytes >= b.bytes ? left : right
  const [unsigned, signed] = a.kind === 'unsigned' ? [a, b] : [b, a]
  if (signed.bytes > unsigned.bytes) return `int${signed.bytes * 8}` as Dtype
  return unsigned.bytes === 8 ? 'float64' : (`int${unsigned.bytes * 16}` as Dtype)
}

function promoteFloat(left: Dtype, right: Dtype): Dtype {
  // an integer counts as the smallest float that holds it: 8 bit in float16, 16 in float32, wider in float64
  const floatBytes = (dtype: Dtype): number =>
    isFloat(dtype) ? DTYPES[dtype].bytes : Math.min(8, DTYPES[dtype].bytes * 2)
  return `float${Math.max(floatBytes(left), floatBytes(right)) * 8}` as Dtype
}

/**
 * Element-wise arithmetic with a number or another chunk (a 3-D chunk meets every channel of a 4-D one; offsets are
 * not compared). Integers wrap, dividing integers gives float64, a float with a plain number keeps its type; a plain
 * number that is not whole turns integers into float64. The result has the left operand's offset and voxel size.
 */
export function arithmetic(left: Chunk, operator: ArithmeticOperator, right: Chunk | number): Chunk {
  const dtype = resultDtype(left, operator, right)
  const work: Dtype = dtype === 'float16' ? 'float32' : dtype
  const { a, b, shape } = broadcast(left, right, work)
  const out = allocate(work, a.length)
  if (isBigDtype(work)) bigLoop(operator, a as BigInt64Array, b as BigInt64Array, out as BigInt64Array)
  else numberLoop(operator, a as Float64Array, b as Float64Array, out as Float64Array, work)
  const data = dtype === 'float16' ? Uint16Array.from(out as Float32Array, numberToFloat16) : out
  return createChunk(data, shape, { dtype, voxelOffset: left.voxelOffset, voxelSize: left.voxelSize })
}

/** Element-wise comparison; the result is a bool chunk. */
export function compare(left: Chunk, operator: ComparisonOperator, right: Chunk | number): Chunk {
  const work = isChunk(right)
    ? promoteDtypes(left.dtype, right.dtype)
    : isFloat(left.dtype) || !Number.isInteger(right)
      ? 'float64'
      : isBigDtype(left.dtype)
        ? left.dtype
        : 'float64'
  const { a, b, shape } = broadcast(left, right, work === 'float16' ? 'float32' : work)
  const test = COMPARISONS[operator]
  const out = allocate('bool', a.length) as Uint8Array
  const step = b.length
  for (let index = 0; index < a.length; index++)
    out[index] = test(a[index] as number, b[index % step] as number) ? 1 : 0
  return createChunk(out, shape, { dtype: 'bool', voxelOffset: left.voxelOffset, voxelSize: left.voxelSize })
}

const COMPARISONS: Record<ComparisonOperator, (a: number, b: number) => boolean> = {
  greater: (a, b) => a > b,
  'greater-equal': (a, b) => a >= b,
  less: (a, b) => a < b,
  'less-equal': (a, b) => a <= b,
  equal: (a, b) => a === b,
  'not-equal': (a, b) => a !== b,
}

function resultDtype(left: Chunk, operator: ArithmeticOperator, right: Chunk | number): Dtype {
  if (isChunk(right)) {
    const common = promoteDtypes(left.dtype, right.dtype)
    if (operator === 'divide' && !isFloat(common)) return 'float64'
    return common === 'bool' && operator !== 'multiply' ? 'uint8' : common
  }
  if (isFloat(left.dtype)) return left.dtype
  if (operator === 'divide' || !Number.isInteger(right)) return 'float64'
  return left.dtype === 'bool' ? 'int64' : left.dtype
}

/** Both operands in one dtype; `b` repeats over channels by index modulo its length. */
function broadcast(
  left: Chunk,
  right: Chunk | number,
  dtype: Dtype,
): { a: TypedArray; b: TypedArray; shape: readonly number[] } {
  const a = left.dtype === dtype ? left.data : convertElements(left.data, left.dtype, dtype)
  if (!isChunk(right)) {
    const b = allocate(dtype, 1)
    b[0] = isBigDtype(dtype) ? BigInt(right) : right
    return { a, b, shape: left.shape }
  }
  const b = right.dtype === dtype ? right.data : convertElements(right.data, right.dtype, dtype)
  const same = left.shape.slice(-3).every((size, axis) => size === right.shape.slice(-3)[axis])
  if (
    same &&
    left.shape.length >= right.shape.length &&
    (right.shape.length === 3 || right.shape[0] === 1 || right.shape[0] === left.shape[0])
  )
    return { a, b, shape: left.shape }
  if (same && right.data.length > left.data.length && (left.shape.length === 3 || left.shape[0] === 1)) {
    const wide = allocate(dtype, right.data.length)
    for (let start = 0; start < wide.length; start += a.length)
      (wide as Uint8Array).set(a as Uint8Array, start)
    return { a: wide, b, shape: right.shape }
  }
  throw chunkflowError(
    'shape-mismatch',
    `${describeChunk(left)} and ${describeChunk(right)} cannot be combined voxel by voxel`,
    {
      fix: 'both chunks need the same z y x size; crop one with crop-margin',
    },
  )
}

function numberLoop(
  operator: ArithmeticOperator,
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  dtype: Dtype,
): void {
  const step = b.length
  for (let start = 0; start < a.length; start += step) {
    const end = Math.min(step, a.length - start)
    if (step === 1) {
      const value = b[0]!
      scalarLoop(operator, a, value, out, dtype)
      return
    }
    if (operator === 'add') for (let i = 0; i < end; i++) out[start + i] = a[start + i]! + b[i]!
    else if (operator === 'subtract') for (let i = 0; i < end; i++) out[start + i] = a[start + i]! - b[i]!
    else if (operator === 'divide') for (let i = 0; i < end; i++) out[start + i] = a[start + i]! / b[i]!
    else if (dtype === 'uint32' || dtype === 'int32')
      for (let i = 0; i < end; i++) out[start + i] = Math.imul(a[start + i]!, b[i]!)
    else for (let i = 0; i < end; i++) out[start + i] = a[start + i]! * b[i]!
  }
}

function scalarLoop(
  operator: ArithmeticOperator,
  a: Float64Array,
  value: number,
  out: Float64Array,
  dtype: Dtype,
): void {
  if (operator === 'add') for (let i = 0; i < a.length; i++) out[i] = a[i]! + value
  else if (operator === 'subtract') for (let i = 0; i < a.length; i++) out[i] = a[i]! - value
  else if (operator === 'divide') for (let i = 0; i < a.length; i++) out[i] = a[i]! / value
  else if (dtype === 'uint32' || dtype === 'int32')
    for (let i = 0; i < a.length; i++) out[i] = Math.imul(a[i]!, value)
  else for (let i = 0; i < a.length; i++) out[i] = a[i]! * value
}

function bigLoop(operator: ArithmeticOperator, a: BigInt64Array, b: BigInt64Array, out: BigInt64Array): void {
  const step = b.length
  for (let i = 0; i < a.length; i++) {
    const left = a[i]!
    const right = b[i % step]!
    out[i] = operator === 'add' ? left + right : operator === 'subtract' ? left - right : left * right
  }
}
