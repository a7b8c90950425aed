import {
  allocate,
  DTYPES,
  type Dtype,
  isBigDtype,
  isFloat,
  numberToFloat16,
  type TypedArray,
} from '@chunkflow/sdk'
import type { Refuse } from './metadata.js'

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

/** Whole numbers beyond 2^53 are rounded by JSON.parse: their digits are read from the text. */
const DIGITS = /"fill_value"\s*:\s*(-?\d+)/g

/**
 * The element that stands for what is not stored; 0 when the metadata leave it open.
 * @param value as parsed; `text` is the metadata it stands in
 * @throws zarr-metadata-invalid
 */
export function parseFill(value: unknown, text: string, dtype: Dtype, refuse: Refuse): TypedArray {
  const fill = allocate(dtype, 1)
  if (value === null || value === undefined || value === '') return fill
  if (isBigDtype(dtype)) {
    if (typeof value !== 'number' || !Number.isInteger(value))
      throw refuse(`fill_value ${JSON.stringify(value)}`)
    // attributes and codecs may have an entry of this name, too
    const found = [...text.matchAll(DIGITS)].find(([, digits]) => Number(digits) === value)?.[1]
    fill[0] = BigInt(found ?? value)
    return fill
  }
  if (typeof value === 'boolean') fill[0] = value ? 1 : 0
  else if (typeof value === 'number') fill[0] = elementOf(value, dtype)
  else if (typeof value === 'string' && isFloat(dtype) && Object.hasOwn(SPECIAL, value))
    fill[0] = elementOf(SPECIAL[value]!, dtype)
  else if (typeof value === 'string' && isFloat(dtype) && /^0x[0-9a-f]+$/i.test(value))
    setBits(fill, BigInt(value), DTYPES[dtype].bytes)
  else throw refuse(`fill_value ${JSON.stringify(value)}`)
  return fill
}

const elementOf = (value: number, dtype: Dtype): number =>
  dtype === 'float16' ? numberToFloat16(value) : value

function setBits({ buffer, byteOffset }: TypedArray, bits: bigint, bytes: number): void {
  const view = new DataView(buffer, byteOffset, bytes)
  for (let index = 0; index < bytes; index++) view.setUint8(index, Number((bits >> BigInt(8 * index)) & 255n))
}
