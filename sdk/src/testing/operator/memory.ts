import {
  byteLength,
  type Chunk,
  createChunk,
  emptyChunk,
  formatSize,
  isChunk,
  spatialSize,
  type Zyx,
  zyx,
} from '@chunkflow/kernel/authoring'
import { broken } from '../conformance-check.js'
import { measurePeakBytes } from '../memory-meter.js'
import {
  changeChunks,
  open,
  portTypes,
  type Subject,
  sampleVariables,
  spatially,
  type Variables,
} from './sample.js'

/** Large enough to outweigh tables, compiled kernels and the pieces of bounded size that kernels get. */
const INPUT_BYTES = 16 << 20
const ALLOWANCE_BYTES = 28 << 20
const SECTION = [256, 257] as const

/**
 * The peak of what is held besides the task's variables stays within the estimate, where there is one. What is bounded
 * whatever the chunk's size need not be estimated.
 */
export async function checkMemory(subject: Subject): Promise<void> {
  if (subject.definition.estimate === undefined) return
  const bytes = subject.settings.memorySampleBytes ?? INPUT_BYTES
  const size = sizeOfBytes(sampleVariables(subject), bytes)
  const variables =
    subject.settings.variables?.(size) ??
    changeChunks(sampleVariables(subject), (chunk) => repeated(chunk, spatially(chunk, size)))
  const estimate = subject.definition.estimate(portTypes(subject, variables), subject.options as never)
  if (estimate === undefined) return
  const step = await open(subject)
  try {
    const peak = await measurePeakBytes(() => step.run(variables), bytes / 8)
    if (peak > estimate.bytes + ALLOWANCE_BYTES)
      throw broken(
        `${mebibytes(peak)} are held at the peak for chunks of ${formatSize(size)}, the estimate is ${mebibytes(estimate.bytes)}`,
      )
  } finally {
    await step.dispose()
  }
}

/** The size that brings the chunks among the variables to so many bytes. */
function sizeOfBytes(sample: Variables, bytes: number): Zyx {
  const chunks = Object.values(sample).filter(isChunk)
  const bytesPerVoxel = chunks.reduce(
    (sum, chunk) => sum + byteLength(chunk) / spatialSize(chunk).reduce((left, right) => left * right, 1),
    0,
  )
  return zyx(Math.ceil(bytes / (SECTION[0] * SECTION[1] * Math.max(1, bytesPerVoxel))), ...SECTION)
}

/** A chunk filled by repeating another one's elements, which is quicker than drawing them. */
function repeated(chunk: Chunk, shape: readonly number[]): Chunk {
  const { dtype, data: from, voxelOffset, voxelSize } = chunk
  const { data } = emptyChunk(dtype, shape)
  data.set(from as never)
  for (let filled = from.length; filled < data.length; filled *= 2) data.copyWithin(filled, 0, filled)
  return createChunk(data, shape, { dtype, voxelOffset, voxelSize })
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
