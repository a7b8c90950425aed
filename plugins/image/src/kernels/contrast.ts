import { allocate, type Chunk, createChunk, type KernelCall, spatialSize } from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import base64 from './lookup.wasm.js'
import { runCalls } from './run-calls.js'

export interface ContrastRange {
  /** Fractions of the voxels above 0 that are darker than the range, or brighter. */
  readonly lowerClipFraction: number
  readonly upperClipFraction: number
  /** What the darkest and brightest values become. */
  readonly minval: number
  readonly maxval: number
}

/**
 * The table that stretches the contrast of bytes (specification 6.3): the range between two quantiles of the histogram, value 0
 * left out of account, is mapped to [minval, maxval].
 * @param histogram counts of the 256 values
 * @param clampIdentity where the quantiles coincide nothing is stretched; true clamps such values to [minval, maxval] all the same
 */
export function contrastTable(
  histogram: ArrayLike<number>,
  { lowerClipFraction, upperClipFraction, minval, maxval }: ContrastRange,
  clampIdentity: boolean,
): Uint8Array {
  const sums = new Float64Array(256)
  for (let value = 1; value < 256; value++) sums[value] = sums[value - 1]! + histogram[value]!
  const total = sums[255]!
  const lower = total === 0 ? 0 : lastUpTo(sums, total, lowerClipFraction)
  const upper = total === 0 ? 0 : lastUpTo(sums, total, 1 - upperClipFraction)
  const clamp = (value: number): number => Math.min(maxval, Math.max(minval, value))
  if (lower === upper)
    return Uint8Array.from({ length: 256 }, (_, value) => (clampIdentity ? clamp(value) : value))
  return Uint8Array.from({ length: 256 }, (_, value) =>
    roundHalfEven(clamp(Math.fround(Math.fround((value - lower) * maxval) / (upper - lower)))),
  )
}

/** The last value before the first whose share of the total, together with all below, exceeds a fraction. */
function lastUpTo(sums: Float64Array, total: number, fraction: number): number {
  let value = 0
  while (value < 255 && sums[value]! / total <= fraction) value += 1
  return Math.max(0, sums[value]! / total > fraction ? value - 1 : value)
}

function roundHalfEven(value: number): number {
  const whole = Math.floor(value)
  const rest = value - whole
  return rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole
}

/** Bytes of a call. */
const PIECE_BYTES = 2 ** 23

/**
 * The bytes of every z section through its own table.
 * @param chunk uint8, z y x
 * @param tables one of 256 bytes a section
 * @returns a new uint8 chunk at the same place
 */
export async function lookUpSections(
  chunk: Chunk,
  tables: readonly Uint8Array[],
  services: ComputeServices,
  pieceBytes = PIECE_BYTES,
): Promise<Chunk> {
  const target = allocate('uint8', chunk.data.length) as Uint8Array
  const source = chunk.data as Uint8Array
  const [, height, width] = spatialSize(chunk)
  const plane = height * width
  function* calls(): Generator<KernelCall> {
    for (const [section, table] of tables.entries())
      for (let from = section * plane; from < (section + 1) * plane; from += pieceBytes) {
        const to = Math.min((section + 1) * plane, from + pieceBytes)
        const [voxels, results] = [source.subarray(from, to), target.subarray(from, to)]
        yield { export: 'lookup', args: [{ in: voxels }, { out: results }, to - from, { in: table }] }
      }
  }
  await runCalls({ name: 'lookup', base64 }, calls(), services)
  const { shape, voxelOffset, voxelSize } = chunk
  return createChunk(target, shape, { voxelOffset, voxelSize })
}
