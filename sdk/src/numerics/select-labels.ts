import {
  allocate,
  type Chunk,
  chunkflowError,
  describeChunk,
  isFloat,
  withProperties,
} from '@chunkflow/kernel/authoring'

/**
 * A copy in which the given ids are 0. Exact for 64 bits; offset, voxel size and layer type are kept.
 * @throws dtype-unsupported for floats
 */
export const removeLabels = (chunk: Chunk, ids: ReadonlySet<bigint>): Chunk => select(chunk, ids, false)

/**
 * A copy in which every id but the given ones is 0. Exact for 64 bits; offset, voxel size and layer type are kept.
 * @throws dtype-unsupported for floats
 */
export const keepLabels = (chunk: Chunk, ids: ReadonlySet<bigint>): Chunk => select(chunk, ids, true)

function select(chunk: Chunk, ids: ReadonlySet<bigint>, keepsMembers: boolean): Chunk {
  if (isFloat(chunk.dtype))
    throw chunkflowError('dtype-unsupported', `${describeChunk(chunk)} has no labels to select`)
  const from = chunk.data as Uint8Array
  const to = allocate(chunk.dtype, from.length) as Uint8Array
  for (let index = 0; index < from.length; ) {
    const value = from[index]!
    let end = index + 1
    while (end < from.length && from[end] === value) end++
    if (ids.has(BigInt(value)) === keepsMembers) to.fill(value, index, end)
    index = end
  }
  return withProperties(chunk, { data: to })
}
