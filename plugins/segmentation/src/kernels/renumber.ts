import { allocate, bytesPerElement, type Dtype, type TypedArray } from '@chunkflow/sdk'
import { type ComputeServices, computeOptions } from '@chunkflow/sdk/numerics'
import { type Fragments, tooLarge } from './fragments.js'
import base64 from './renumber.wasm.js'
import { piecesOf } from './slabs.js'

const PIECE_ELEMENTS = 2 ** 20
/** A label and its number; both begin at multiples of 16. */
const PIECE_BYTES = PIECE_ELEMENTS * 12 + 32

/**
 * Numbers the labels of an integer array in scan order. Negative ones become the unsigned number of the same bits.
 * @throws segmentation-too-large
 */
export async function renumber(
  data: TypedArray,
  dtype: Dtype,
  services: ComputeServices,
): Promise<Fragments> {
  const labels = allocate('uint32', data.length) as Uint32Array
  const bits = bytesPerElement(dtype) * 8
  const session = await services.compute.open({ name: 'renumber', base64 }, computeOptions(services))
  try {
    await session.call({ export: 'begin', args: [{ heap: true }, PIECE_BYTES] })
    for (const { from, to } of piecesOf(data.length, PIECE_ELEMENTS)) {
      const part = data.subarray(from, to)
      const args = [{ in: part }, { out: labels.subarray(from, to) }, to - from]
      if ((await session.call({ export: `renumber${bits}`, args })) === 0)
        throw tooLarge('The ids of the fragments')
    }
    const count = Number(await session.call({ export: 'count', args: [] })) >>> 0
    const ids = allocate('uint64', count + 1) as BigUint64Array
    for (const { from, to } of piecesOf(ids.length, PIECE_ELEMENTS))
      await session.call({ export: 'write', args: [{ out: ids.subarray(from, to) }, from, to] })
    return { labels, count, ids }
  } finally {
    await session.close()
  }
}

/**
 * Labels as 64-bit ids that begin behind a base; 0 stays 0.
 * @param numbers as {@link renumber} makes them
 */
export async function addBase(
  numbers: Uint32Array,
  base: bigint,
  services: ComputeServices,
): Promise<BigUint64Array> {
  const ids = allocate('uint64', numbers.length) as BigUint64Array
  const [low, high] = [Number(base & 0xffff_ffffn), Number(base >> 32n)]
  const session = await services.compute.open({ name: 'renumber', base64 }, computeOptions(services))
  try {
    for (const { from, to } of piecesOf(numbers.length, PIECE_ELEMENTS)) {
      const pieces = [{ in: numbers.subarray(from, to) }, { out: ids.subarray(from, to) }]
      await session.call({ export: 'widen', args: [...pieces, to - from, low, high] })
    }
    return ids
  } finally {
    await session.close()
  }
}
