import { type Chunk, elementAsNumber, isBigDtype, isFloat, looksLikeSegmentation } from '@chunkflow/sdk'
import { type ComputeServices, uniqueLabels } from '@chunkflow/sdk/numerics'
import { rangeOf } from './intensity.js'

/** What a chunk holds, in words: of labels how many ids and which range, 0 left out; of others the range and the mean. */
export async function describeValues(chunk: Chunk, services: ComputeServices): Promise<string> {
  const { data, dtype, layerType } = chunk
  if (looksLikeSegmentation(chunk) || isBigDtype(dtype) || (layerType === 'segmentation' && !isFloat(dtype)))
    return describeLabels(chunk, services)
  if (data.length === 0) return 'no voxels'
  const { low, high } = rangeOf(data, dtype)
  return `min ${low}, max ${high}, mean ${Number(meanOf(chunk).toPrecision(9))}`
}

async function describeLabels({ data, dtype }: Chunk, services: ComputeServices): Promise<string> {
  const { ids } = await uniqueLabels(data, dtype, services)
  if (ids.length === 0) return '0 objects'
  const ascending = dtype.startsWith('int')
    ? new BigInt64Array(ids.buffer, ids.byteOffset, ids.length).slice().sort()
    : ids
  return `${ids.length} objects with min id ${ascending[0]} and max id ${ascending.at(-1)}`
}

function meanOf({ data, dtype }: Chunk): number {
  let sum = 0
  for (let index = 0; index < data.length; index++) sum += elementAsNumber(data, dtype, index)
  return sum / data.length
}
