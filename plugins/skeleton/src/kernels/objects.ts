import {
  bytesPerElement,
  type Chunk,
  chunkflowError,
  DTYPES,
  spatialSize,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, computeOptions } from '@chunkflow/sdk/numerics'
import base64 from './boxes.wasm.js'

/** One object of a label volume: where it lies, in voxels of the chunk counted from 0. */
export interface LabelledObject {
  readonly id: bigint
  readonly voxels: number
  readonly start: Zyx
  readonly size: Zyx
}

const PIECE_ELEMENTS = 2 ** 20
const SLOT_BYTES = 40
const PIECE_SLOTS = 2 ** 14

/**
 * The objects of a chunk with their boxes, by id.
 * @param chunk 3-D integers or bool
 * @throws skeleton-labels for negative ids, skeleton-too-large
 */
export async function objectsOf(chunk: Chunk, services: ComputeServices): Promise<LabelledObject[]> {
  const [depth, height, width] = spatialSize(chunk)
  const bytes = bytesPerElement(chunk.dtype)
  const session = await services.compute.open({ name: 'boxes', base64 }, computeOptions(services))
  try {
    const rowsAtOnce = Math.max(1, Math.floor(PIECE_ELEMENTS / Math.max(1, width)))
    const pieceBytes = Math.max(rowsAtOnce * width * bytes, PIECE_SLOTS * SLOT_BYTES) + 32
    const ends = () =>
      chunkflowError('skeleton-too-large', 'The chunk has too many objects', {
        fix: 'work on smaller chunks',
      })
    if ((await session.call({ export: 'begin', args: [{ heap: true }, pieceBytes] })) === 0) throw ends()
    for (let first = 0; first < depth * height; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, depth * height - first)
      const piece = chunk.data.subarray(first * width, (first + rows) * width)
      const args = [{ in: piece }, first, rows, height, width]
      if ((await session.call({ export: `add${bytes * 8}`, args })) === 0) throw ends()
    }
    const count = Number(await session.call({ export: 'finish', args: [] })) >>> 0
    const objects: LabelledObject[] = []
    for (let from = 0; from < count; from += PIECE_SLOTS) {
      const slots = Math.min(PIECE_SLOTS, count - from)
      const out = new Uint8Array(new SharedArrayBuffer(slots * SLOT_BYTES))
      await session.call({ export: 'read', args: [{ out }, from, slots] })
      for (let slot = 0; slot < slots; slot++)
        objects.push(objectAt(new DataView(out.buffer, slot * SLOT_BYTES, SLOT_BYTES)))
    }
    requireNotNegative(objects, chunk)
    return objects.sort((left, right) => (left.id < right.id ? -1 : 1))
  } finally {
    await session.close()
  }
}

function objectAt(slot: DataView): LabelledObject {
  const triple = (at: number): [number, number, number] => [
    slot.getUint32(at, true),
    slot.getUint32(at + 4, true),
    slot.getUint32(at + 8, true),
  ]
  const [first, last] = [triple(16), triple(28)]
  return {
    id: slot.getBigUint64(0, true),
    voxels: Number(slot.getBigUint64(8, true)),
    start: zyx(...first),
    size: zyx(last[0] - first[0] + 1, last[1] - first[1] + 1, last[2] - first[2] + 1),
  }
}

function requireNotNegative(objects: readonly LabelledObject[], { dtype }: Chunk): void {
  if (DTYPES[dtype].kind !== 'signed') return
  const bits = bytesPerElement(dtype) * 8
  const negative = objects.find(({ id }) => BigInt.asIntN(bits, id) < 0n)
  if (negative !== undefined)
    throw chunkflowError('skeleton-labels', `The id ${BigInt.asIntN(bits, negative.id)} is negative`, {
      fix: 'ids of segments are positive: convert the labels to an unsigned type',
    })
}
