import { chunkflowError } from '../errors/chunkflow-error.js'

/**
 * Element types. `bool` is one byte, 0 or 1; `float16` is its IEEE 754 bits in a Uint16Array
 * (see float16.ts); 64-bit integers are BigInt typed arrays and never rounded.
 */
export type Dtype =
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64'

export type DtypeKind = 'bool' | 'unsigned' | 'signed' | 'float'

export type TypedArray =
  | Uint8Array<ArrayBufferLike>
  | Int8Array<ArrayBufferLike>
  | Uint16Array<ArrayBufferLike>
  | Int16Array<ArrayBufferLike>
  | Uint32Array<ArrayBufferLike>
  | Int32Array<ArrayBufferLike>
  | BigUint64Array<ArrayBufferLike>
  | BigInt64Array<ArrayBufferLike>
  | Float32Array<ArrayBufferLike>
  | Float64Array<ArrayBufferLike>

type TypedArrayConstructor = {
  new (length: number): TypedArray
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray
  readonly BYTES_PER_ELEMENT: number
}

interface DtypeInfo {
  readonly kind: DtypeKind
  readonly bytes: number
  readonly array: TypedArrayConstructor
  /** Largest and smallest integer; undefined for floats. */
  readonly maximum?: bigint
  readonly minimum?: bigint
}

const integer = (kind: 'unsigned' | 'signed', bytes: number, array: TypedArrayConstructor): DtypeInfo => {
  const bits = BigInt(bytes * 8)
  return kind === 'unsigned'
    ? { kind, bytes, array, minimum: 0n, maximum: (1n << bits) - 1n }
    : { kind, bytes, array, minimum: -(1n << (bits - 1n)), maximum: (1n << (bits - 1n)) - 1n }
}

export const DTYPES: Readonly<Record<Dtype, DtypeInfo>> = Object.freeze({
  bool: { kind: 'bool', bytes: 1, array: Uint8Array, minimum: 0n, maximum: 1n },
  uint8: integer('unsigned', 1, Uint8Array),
  int8: integer('signed', 1, Int8Array),
  uint16: integer('unsigned', 2, Uint16Array),
  int16: integer('signed', 2, Int16Array),
  uint32: integer('unsigned', 4, Uint32Array),
  int32: integer('signed', 4, Int32Array),
  uint64: integer('unsigned', 8, BigUint64Array),
  int64: integer('signed', 8, BigInt64Array),
  float16: { kind: 'float', bytes: 2, array: Uint16Array },
  float32: { kind: 'float', bytes: 4, array: Float32Array },
  float64: { kind: 'float', bytes: 8, array: Float64Array },
})

/** All element types that are numbers, in the order in which users read them. */
export const NUMERIC_DTYPES = [
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'float32',
  'float64',
] as const satisfies readonly Dtype[]

export const DTYPE_NAMES = Object.freeze(Object.keys(DTYPES) as Dtype[])

export function isDtype(text: unknown): text is Dtype {
  return typeof text === 'string' && Object.hasOwn(DTYPES, text)
}

export const bytesPerElement = (dtype: Dtype): number => DTYPES[dtype].bytes
export const isFloat = (dtype: Dtype): boolean => DTYPES[dtype].kind === 'float'
export const isInteger = (dtype: Dtype): boolean =>
  DTYPES[dtype].kind === 'unsigned' || DTYPES[dtype].kind === 'signed'
/** True when elements are bigint in JavaScript. */
export const isBigDtype = (dtype: Dtype): boolean => dtype === 'uint64' || dtype === 'int64'

/** The largest integer a dtype holds; an error for floats. */
export function integerMaximum(dtype: Dtype): bigint {
  const { maximum } = DTYPES[dtype]
  if (maximum === undefined) throw chunkflowError('dtype-unsupported', `${dtype} is not an integer type`)
  return maximum
}

/**
 * A zeroed typed array on a SharedArrayBuffer of its own, so that workers see it without a copy.
 * @param length elements
 */
export function allocate(dtype: Dtype, length: number): TypedArray {
  const { array, bytes } = DTYPES[dtype]
  return new array(new SharedArrayBuffer(length * bytes), 0, length)
}

/** The dtype a plain typed array stands for (Uint8Array is uint8, never bool; Uint16Array uint16). */
export function dtypeOfArray(array: ArrayBufferView): Dtype {
  const name = array.constructor.name
  const dtype = name.startsWith('BigUint')
    ? 'uint64'
    : name.startsWith('BigInt')
      ? 'int64'
      : name
          .replace(/Array$/, '')
          .replace('Clamped', '')
          .toLowerCase()
  if (!isDtype(dtype)) throw chunkflowError('dtype-unsupported', `${name} has no element type here`)
  return dtype
}
