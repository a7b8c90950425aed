import { type Chunk, elementAsNumber, isBigDtype } from '@chunkflow/sdk'

/** True when no voxel reaches the threshold. Stops at the first that does. */
export function isBelow({ data, dtype }: Chunk, threshold: number): boolean {
  if (isBigDtype(dtype)) {
    // comparing bigint with number is exact; converting would round
    for (const value of data as BigUint64Array) if (value >= threshold) return false
    return true
  }
  if (dtype === 'float16') {
    for (let index = 0; index < data.length; index++)
      if (elementAsNumber(data, dtype, index) >= threshold) return false
    return true
  }
  const values = data as Float32Array
  for (let index = 0; index < values.length; index++) if (values[index]! >= threshold) return false
  return true
}
