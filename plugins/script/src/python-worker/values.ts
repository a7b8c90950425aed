import { DTYPES, type Dtype, type PythonArray, type PythonValue, type TypedArray } from '@chunkflow/sdk'

/** Where an array lies: which shared file, and at which byte. */
export interface Place {
  readonly file: number
  readonly offset: number
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** An array of a result, before its voxels are fetched. */
export interface PlacedArray extends Place {
  readonly dtype: Dtype
  readonly shape: readonly number[]
}

export const isPythonArray = (value: unknown): value is PythonArray =>
  typeof value === 'object' && value !== null && 'data' in value && ArrayBuffer.isView(value.data)

/** All arrays in a value, in order of appearance. */
export function arraysIn(value: PythonValue): readonly PythonArray[] {
  if (typeof value !== 'object' || value === null) return []
  if (isPythonArray(value)) return [value]
  return (Object.values(value) as PythonValue[]).flatMap(arraysIn)
}

/** A value as JSON: arrays by their place, whole numbers beyond 2^53 and numbers that JSON lacks as text. */
export function encodeValue(value: PythonValue, place: (array: PythonArray) => Place): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return { $int: String(value) }
  if (typeof value === 'number')
    return Number.isFinite(value)
      ? value
      : { $float: Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf' }
  if (isPythonArray(value)) {
    const { file, offset } = place(value)
    return { $array: [value.dtype, value.shape, file, offset] }
  }
  if (Array.isArray(value)) return value.map((item: PythonValue) => encodeValue(item, place))
  return {
    $object: Object.entries(value as Readonly<Record<string, PythonValue>>).map(
      ([key, item]): Json => [key, encodeValue(item, place)],
    ),
  }
}

type Tagged =
  | { readonly $array: readonly [Dtype, readonly number[], number, number] }
  | { readonly $int: string }
  | { readonly $float: string }
  | { readonly $object: readonly (readonly [string, Json])[] }

/** Reads what Python's `encode` wrote. `fetch` is asked for memory for each array, in order of appearance. */
export function decodeValue(value: Json, fetch: (array: PlacedArray) => TypedArray): PythonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: Json) => decodeValue(item, fetch))
  const tagged = value as Tagged
  if ('$array' in tagged) {
    const [dtype, shape, file, offset] = tagged.$array
    return { dtype, shape, data: fetch({ dtype, shape, file, offset }) }
  }
  if ('$int' in tagged) return BigInt(tagged.$int)
  if ('$float' in tagged)
    return tagged.$float === 'nan' ? Number.NaN : Number(tagged.$float.replace('inf', 'Infinity'))
  return Object.fromEntries(tagged.$object.map(([key, item]) => [key, decodeValue(item, fetch)]))
}

export const lengthOf = (shape: readonly number[]): number => shape.reduce((left, right) => left * right, 1)

/** True when voxels of a dtype go into this array as they are. */
export const suits = (target: TypedArray, { dtype, shape }: PlacedArray): boolean =>
  target instanceof DTYPES[dtype].array && target.length === lengthOf(shape)
