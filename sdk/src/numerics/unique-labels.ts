import type { Dtype, TypedArray } from '@chunkflow/kernel/authoring'
import type { ComputeServices } from './compute-services.js'

export interface UniqueLabels {
  /** Ascending; never 0. Negative values of signed types appear as their unsigned 64-bit words (`BigInt.asIntN(64, id)`). */
  readonly ids: BigUint64Array
  /** Voxels of each id. */
  readonly counts: Float64Array
}

/**
 * The distinct non-zero values of an integer or bool array and how often each occurs; 64-bit values are exact.
 * @throws dtype-unsupported for floats
 */
export async function uniqueLabels(
  data: TypedArray,
  _dtype: Dtype,
  _services: ComputeServices,
): Promise<UniqueLabels> {
  const counts = new Map<number | bigint, number>()
  for (let index = 0; index < data.length; ) {
    const value = data[index]!
    let end = index + 1
    while (end < data.length && data[end] === value) end++
    if (value) counts.set(value, (counts.get(value) ?? 0) + end - index)
    index = end
  }
  const sorted = [...counts]
    .map(([value, count]) => ({ id: BigInt.asUintN(64, BigInt(value)), count }))
    .sort((left, right) => (left.id < right.id ? -1 : 1))
  return {
    ids: BigUint64Array.from(sorted, ({ id }) => id),
    counts: Float64Array.from(sorted, ({ count }) => count),
  }
}
