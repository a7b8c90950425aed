import { type Chunk, convertElements, createChunk, spatialSize } from '@chunkflow/sdk'

export interface SectionTarget {
  readonly low: number
  readonly high: number
  /** Limit what lies beyond the target to it. */
  readonly clip: boolean
}

/**
 * Stretches every z section of every channel by itself so that its values, the section's smallest and largest left out of
 * account (saturated and missing voxels), span the target: specification 6.3. A section with fewer than two other values
 * is not stretched; one without any is left as it is.
 * @returns float32, at the same place
 */
export function normalizeSections(chunk: Chunk, target: SectionTarget): Chunk {
  const values = convertElements(chunk.data, chunk.dtype, 'float32') as Float32Array
  const [, height, width] = spatialSize(chunk)
  const plane = height * width
  for (let start = 0; start < values.length; start += plane)
    normalizeSection(values.subarray(start, start + plane), target)
  const { shape, voxelOffset, voxelSize } = chunk
  return createChunk(values, shape, { voxelOffset, voxelSize })
}

function normalizeSection(section: Float32Array, { low, high, clip }: SectionTarget): void {
  const range = innerRange(section)
  if (range === undefined) return
  const spans = range.low === low && range.high === high
  if (range.high > range.low && !spans) {
    const scale = (high - low) / (range.high - range.low)
    for (let index = 0; index < section.length; index++)
      section[index] = (section[index]! - range.low) * scale + low
  }
  if (clip)
    for (let index = 0; index < section.length; index++)
      section[index] = Math.min(high, Math.max(low, section[index]!))
}

/** The range of the voxels that are neither the smallest nor the largest; undefined without any. */
function innerRange(section: Float32Array): { low: number; high: number } | undefined {
  let smallest = Number.POSITIVE_INFINITY
  let largest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < section.length; index++) {
    const value = section[index]!
    if (value < smallest) smallest = value
    if (value > largest) largest = value
  }
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let index = 0; index < section.length; index++) {
    const value = section[index]!
    if (value === smallest || value === largest) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return high === Number.NEGATIVE_INFINITY ? undefined : { low, high }
}
