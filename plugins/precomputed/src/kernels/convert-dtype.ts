import {
  convertElements,
  type Dtype,
  elementAsNumber,
  isFloat,
  isInteger,
  type TypedArray,
} from '@chunkflow/sdk'
import { countLost } from '@chunkflow/sdk/numerics'

/** How voxels of one type become voxels of another when they are stored. */
export interface Conversion {
  /** A new array of the target type, or the same array when the bytes agree. */
  convert(voxels: TypedArray): TypedArray
  /** For people: what happens to the values. */
  readonly description: string
  /** How many integers so far did not fit the target type and were wrapped. */
  wrapped(): number
}

/**
 * The conversion of stored voxels (specification 5.59): uint8 into floats is divided by 255; floats into uint8 are multiplied
 * by 255, truncated and clamped to [0, 255]; everything else is a plain cast. Null when the types agree.
 */
export function conversionTo(from: Dtype, to: Dtype): Conversion | null {
  if (from === to) return null
  if (from === 'bool' && to === 'uint8')
    return { convert: (voxels) => voxels, description: 'bool is stored as 0 and 1', wrapped: () => 0 }
  if (from === 'uint8' && isFloat(to))
    return {
      convert: (voxels) => fromUnit(unitFloats(voxels as Uint8Array), to),
      description: `uint8 is divided by 255 into ${to}`,
      wrapped: () => 0,
    }
  if (isFloat(from) && to === 'uint8')
    return {
      convert: (voxels) => bytesOfUnit(voxels, from),
      description: `${from} is multiplied by 255 and truncated to uint8`,
      wrapped: () => 0,
    }
  return plainCast(from, to)
}

const unitFloats = (voxels: Uint8Array): Float32Array => {
  const result = new Float32Array(voxels.length)
  for (let index = 0; index < voxels.length; index++) result[index] = voxels[index]! / 255
  return result
}
const fromUnit = (values: Float32Array, to: Dtype): TypedArray =>
  to === 'float32' ? values : convertElements(values, 'float32', to)

/** Floats in [0, 1] as 0 to 255; the product is rounded to float32 as NumPy does, NaN is 0. */
export function bytesOfUnit(voxels: TypedArray, dtype: Dtype): Uint8Array {
  const result = new Uint8Array(voxels.length)
  for (let index = 0; index < voxels.length; index++) {
    const value =
      dtype === 'float64'
        ? (voxels[index] as number) * 255
        : Math.fround(elementAsNumber(voxels, dtype, index) * 255)
    result[index] = Math.min(255, Math.max(0, value))
  }
  return result
}

function plainCast(from: Dtype, to: Dtype): Conversion {
  let wrapped = 0
  const mayWrap = isInteger(from) && isInteger(to)
  return {
    convert(voxels) {
      const result = convertElements(voxels, from, to)
      if (mayWrap) wrapped += countLost(voxels, from, result, to)
      return result
    },
    description: `${from} is cast to ${to}`,
    wrapped: () => wrapped,
  }
}
