import {
  allocate,
  bytesPerElement,
  chunkflowError,
  DTYPES,
  type Dtype,
  isFloat,
  type TypedArray,
} from '@chunkflow/kernel/authoring'
import { type ComputeServices, computeOptions } from './compute-services.js'
import { pieceOf, rangesOf } from './pieces.js'
import uniqueLabelsKernel from './unique-labels.wasm.js'

export interface UniqueLabels {
  /**
   * Ascending; never 0. Negative values of signed types come last, as unsigned 64-bit words: `BigInt.asIntN(64, id)`
   * is the value.
   */
  readonly ids: BigUint64Array
  /** Voxels of each id. */
  readonly counts: Float64Array
}

const PIECE_BYTES = 2 ** 21
/** Slots of the kernel's table: 1 GiB, for 40 million labels. More labels are counted in parts. */
const LARGEST_TABLE = 2 ** 26

/**
 * The distinct non-zero values of an integer or bool array and how often each occurs; 64-bit values are exact.
 * @throws dtype-unsupported for floats
 */
export function uniqueLabels(
  data: TypedArray,
  dtype: Dtype,
  services: ComputeServices,
): Promise<UniqueLabels> {
  return uniqueLabelsWithin(data, dtype, services, LARGEST_TABLE)
}

/** {@link uniqueLabels} with tables of at most `slots` (a power of two). */
export async function uniqueLabelsWithin(
  data: TypedArray,
  dtype: Dtype,
  services: ComputeServices,
  slots: number,
): Promise<UniqueLabels> {
  if (isFloat(dtype)) throw chunkflowError('dtype-unsupported', `${dtype} values are no labels`)
  const found = await countParts(data, dtype, services, slots)
  const bits = bytesPerElement(dtype) * 8
  if (DTYPES[dtype].kind === 'signed' && bits < 64)
    for (let index = 0; index < found.ids.length; index++)
      found.ids[index] = BigInt.asIntN(bits, found.ids[index]!)
  return found
}

/** Counts all labels at once, or, when there are too many, those of one of 4, 16, ... parts after the other. */
async function countParts(
  data: TypedArray,
  dtype: Dtype,
  services: ComputeServices,
  slots: number,
): Promise<UniqueLabels> {
  for (let parts = 1; ; parts *= 4) {
    const results: UniqueLabels[] = []
    while (results.length < parts) {
      const result = await countPart(data, dtype, services, slots, results.length, parts)
      if (result === null) break
      results.push(result)
    }
    if (results.length === parts) return results.reduce(mergeDisjoint)
  }
}

async function countPart(
  data: TypedArray,
  dtype: Dtype,
  services: ComputeServices,
  slots: number,
  part: number,
  parts: number,
): Promise<UniqueLabels | null> {
  const bytes = bytesPerElement(dtype)
  const session = await services.compute.open(
    { name: 'unique-labels', base64: uniqueLabelsKernel },
    computeOptions(services),
  )
  try {
    await session.call({ export: 'begin', args: [{ heap: true }, PIECE_BYTES, slots, part, parts] })
    for (const [from, to] of rangesOf(0, data.length, PIECE_BYTES / bytes)) {
      const args = [{ in: pieceOf(data, from, to) }, to - from]
      if ((await session.call({ export: `count${bytes * 8}`, args })) === 0) return null
    }
    const length = Number(await session.call({ export: 'sort', args: [] })) >>> 0
    const ids = allocate('uint64', length) as BigUint64Array
    const counts = allocate('float64', length) as Float64Array
    for (const [from, to] of rangesOf(0, length, PIECE_BYTES / 16))
      await session.call({
        export: 'write',
        args: [{ out: pieceOf(ids, from, to) }, { out: pieceOf(counts, from, to) }, from, to - from],
      })
    return { ids, counts }
  } finally {
    await session.close()
  }
}

/** Two sorted lists without common ids as one. */
function mergeDisjoint(left: UniqueLabels, right: UniqueLabels): UniqueLabels {
  const length = left.ids.length + right.ids.length
  const ids = new BigUint64Array(length)
  const counts = new Float64Array(length)
  let a = 0
  let b = 0
  for (let index = 0; index < length; index++) {
    const takesLeft = b === right.ids.length || (a < left.ids.length && left.ids[a]! < right.ids[b]!)
    const from = takesLeft ? left : right
    const at = takesLeft ? a++ : b++
    ids[index] = from.ids[at]!
    counts[index] = from.counts[at]!
  }
  return { ids, counts }
}
