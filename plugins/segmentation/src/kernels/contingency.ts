import { bytesPerElement, type Chunk } from '@chunkflow/sdk'
import { type ComputeServices, computeOptions } from '@chunkflow/sdk/numerics'
import base64 from './contingency.wasm.js'
import { tooLarge } from './fragments.js'
import { piecesOf } from './slabs.js'

/**
 * How often labels of two volumes meet. Labels stand as numbers from 1 on in the order in which they were met; label 0 is
 * number 0. Entry i: `counts[i]` voxels have number `segments[i]` in one volume and `objects[i]` in the other.
 */
export interface ContingencyTable {
  readonly segments: Uint32Array
  readonly objects: Uint32Array
  readonly counts: Float64Array
  /** How many labels other than 0 there are. */
  readonly segmentCount: number
  readonly objectCount: number
}

const PIECE_ELEMENTS = 2 ** 18
/** Two labels, or two numbers and a count; each begins at a multiple of 16. */
const PIECE_BYTES = PIECE_ELEMENTS * 16 + 48

/**
 * Counts pairs of labels, exactly for 64 bits.
 * @param segmentation,groundtruth integers or bool, of equal shape
 * @throws segmentation-too-large
 */
export async function countLabelPairs(
  segmentation: Chunk,
  groundtruth: Chunk,
  services: ComputeServices,
): Promise<ContingencyTable> {
  const session = await services.compute.open({ name: 'contingency', base64 }, computeOptions(services))
  const number = async (name: string): Promise<number> =>
    Number(await session.call({ export: name, args: [] })) >>> 0
  try {
    await session.call({ export: 'begin', args: [{ heap: true }, PIECE_BYTES] })
    for (const { from, to } of piecesOf(segmentation.data.length, PIECE_ELEMENTS)) {
      const args = [
        { in: segmentation.data.subarray(from, to) },
        bytesPerElement(segmentation.dtype),
        { in: groundtruth.data.subarray(from, to) },
        bytesPerElement(groundtruth.dtype),
        to - from,
      ]
      if ((await session.call({ export: 'count', args })) === 0) throw tooLarge('The pairs of labels')
    }
    const total = await number('finish')
    const segments = new Uint32Array(new SharedArrayBuffer(total * 4))
    const objects = new Uint32Array(new SharedArrayBuffer(total * 4))
    const counts = new Float64Array(new SharedArrayBuffer(total * 8))
    for (const { from, to } of piecesOf(total, PIECE_ELEMENTS)) {
      const part = <T extends Uint32Array | Float64Array>(array: T) => ({ out: array.subarray(from, to) })
      const args = [from, to - from, part(segments), part(objects), part(counts)]
      await session.call({ export: 'read', args })
    }
    const segmentCount = await number('firstCount')
    const objectCount = await number('secondCount')
    return { segments, objects, counts, segmentCount, objectCount }
  } finally {
    await session.close()
  }
}
