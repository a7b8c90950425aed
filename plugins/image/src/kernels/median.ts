import {
  allocate,
  type Chunk,
  type KernelCall,
  spatialSize,
  withProperties,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import { type Border, windowIndices } from './border.js'
import { inFloat32 } from './in-float32.js'
import base64 from './median.wasm.js'
import { runCalls } from './run-calls.js'
import { type Reach, windowPieces } from './window-pieces.js'

/**
 * The median of the box of `size` voxels around each voxel, channel by channel: `scipy.ndimage.median_filter`. A box of
 * even size reaches one voxel further down than up, and of an even number of values the upper median counts.
 * @param chunk any dtype without NaN; 64-bit values are exact
 * @param size z y x, at least 1
 * @param border what lies beyond the ends; `constant` is 0
 * @returns a new chunk with the same properties
 */
export async function medianFilter(
  chunk: Chunk,
  size: Zyx,
  border: Border,
  services: ComputeServices,
  pieceBytes?: number,
): Promise<Chunk> {
  if (chunk.dtype === 'float16')
    return inFloat32(chunk, (wide) => medianFilter(wide, size, border, services, pieceBytes))
  const output = withProperties(chunk, { data: allocate(chunk.dtype, chunk.data.length) })
  await runCalls({ name: 'median', base64 }, medianCalls(chunk, output, size, border, pieceBytes), services)
  return output
}

function* medianCalls(
  chunk: Chunk,
  output: Chunk,
  size: Zyx,
  border: Border,
  pieceBytes: number | undefined,
): Generator<KernelCall> {
  const [, , width] = spatialSize(chunk)
  const [z, y, x] = size.map(reachOf) as [Reach, Reach, Reach]
  const columns = { in: Int32Array.from(windowIndices(0, width, x, width, border)) }
  for (const piece of windowPieces(chunk, output.data, { z, y }, border, pieceBytes))
    yield {
      export: chunk.dtype === 'bool' ? 'uint8' : chunk.dtype,
      args: [
        { in: piece.source },
        piece.source.length / (piece.sourceRows * width),
        piece.sourceRows,
        { out: piece.target },
        ...[piece.sections, piece.rows, width],
        { in: piece.sectionMap },
        { in: piece.rowMap },
        columns,
        ...size,
        { heap: true },
      ],
    }
}

/** How many voxels on either side of an axis {@link medianFilter} sees: all of them where the other end continues it. */
export const medianHalo = (size: Zyx, border: Border): Zyx =>
  zyx(
    ...(size.map((taps) =>
      border === 'wrap' && taps > 1 ? Number.POSITIVE_INFINITY : Math.floor(taps / 2),
    ) as [number, number, number]),
  )

const reachOf = (taps: number): Reach => ({
  before: Math.floor(taps / 2),
  after: taps - Math.floor(taps / 2) - 1,
})
