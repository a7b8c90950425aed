import { type Dtype, elementAsNumber, isFloat, type TypedArray } from '@chunkflow/sdk'

const SAMPLES = 50_000
/** Part of the voxels that may lie below, and above, the range. */
const TAIL = 0.005

/**
 * Values between which most voxels lie, from evenly spaced samples: what a viewer shows black and white at first. Bytes
 * keep their whole range, so that what is seen is what is stored.
 */
export function valueRange(data: TypedArray, dtype: Dtype): readonly [low: number, high: number] {
  if (dtype === 'uint8') return [0, 255]
  if (dtype === 'bool') return [0, 1]
  // a step that shares no factor with usual row lengths, so that samples do not fall into one column
  const step = Math.max(1, Math.floor(data.length / SAMPLES) | 1)
  const values: number[] = []
  for (let index = 0; index < data.length; index += step) {
    const value = elementAsNumber(data, dtype, index)
    if (Number.isFinite(value)) values.push(value)
  }
  values.sort((left, right) => left - right)
  const tail = Math.floor(values.length * TAIL)
  const low = values[tail] ?? 0
  const high = values[values.length - 1 - tail] ?? 1
  if (low < high) return [low, high]
  return isFloat(dtype) && low >= 0 && high <= 1 ? [0, 1] : [low, low + 1]
}
