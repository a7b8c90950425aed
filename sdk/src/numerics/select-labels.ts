import { type Chunk, withProperties } from '@chunkflow/kernel/authoring'
import { fits } from './label-table.js'
import { remapLabels } from './remap-labels.js'

/**
 * A copy in which the given ids are 0. Exact for 64 bits; offset, voxel size and layer type are kept.
 * @throws dtype-unsupported for floats
 */
export function removeLabels(chunk: Chunk, ids: ReadonlySet<bigint>): Chunk {
  const map = new Map([...ids].map((id) => [id, 0n]))
  return withProperties(chunk, { data: remapLabels(chunk.data, chunk.dtype, map, 'keep') })
}

/**
 * A copy in which every id but the given ones is 0. Exact for 64 bits; offset, voxel size and layer type are kept.
 * @throws dtype-unsupported for floats
 */
export function keepLabels(chunk: Chunk, ids: ReadonlySet<bigint>): Chunk {
  const held = [...ids].filter((id) => fits(id, chunk.dtype))
  const map = new Map(held.map((id) => [id, id]))
  return withProperties(chunk, { data: remapLabels(chunk.data, chunk.dtype, map, 'zero') })
}
