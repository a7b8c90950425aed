import {
  type Chunk,
  describeChunk,
  describeValue,
  elementAsNumber,
  formatBox,
  isBoundingBox,
  isChunk,
} from '@chunkflow/sdk'

/** One line about a variable of any kind. Reads all voxels of a chunk. */
export function describeVariable(value: unknown): string {
  if (isChunk(value)) {
    const voxelSize = value.voxelSize === null ? 'unknown' : `${value.voxelSize.join(' ')} nm`
    return `${describeChunk(value)}, ${value.layerType ?? 'no layer type'}, voxel size ${voxelSize}, ${describeRange(value)}`
  }
  if (isBoundingBox(value)) return formatBox(value)
  if (['number', 'bigint', 'string', 'boolean'].includes(typeof value)) return String(value)
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name} of ${'length' in value ? value.length : value.byteLength}`
  if (value instanceof Map) return `a map of ${value.size}`
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const members = Object.entries(value).map(([key, member]) => `${key}: ${shortly(member)}`)
    return `{ ${members.slice(0, 20).join(', ')}${members.length > 20 ? ', …' : ''} }`
  }
  return describeValue(value)
}

function shortly(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (['number', 'bigint', 'boolean'].includes(typeof value)) return String(value)
  return ArrayBuffer.isView(value) ? describeVariable(value) : describeValue(value)
}

/** `2 to 7`; 64-bit integers exactly; NaN voxels are counted apart. */
function describeRange({ data, dtype }: Chunk): string {
  const at = (index: number): number | bigint =>
    dtype === 'float16' ? elementAsNumber(data, dtype, index) : data[index]!
  let low: number | bigint | undefined
  let high: number | bigint | undefined
  let invalid = 0
  for (let index = 0; index < data.length; index++) {
    const value = at(index)
    if (Number.isNaN(value)) invalid += 1
    else {
      if (low === undefined || value < low) low = value
      if (high === undefined || value > high) high = value
    }
  }
  const range = low === undefined ? 'no values' : `${low} to ${high}`
  return invalid === 0 ? range : `${range}, ${invalid} NaN`
}
