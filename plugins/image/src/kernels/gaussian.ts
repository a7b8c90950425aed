import {
  allocate,
  type Chunk,
  type Dtype,
  isFloat,
  type KernelCall,
  spatialSize,
  withProperties,
} from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import { windowIndices } from './border.js'
import base64 from './gaussian.wasm.js'
import { inFloat32 } from './in-float32.js'
import { runCalls } from './run-calls.js'
import { windowPieces } from './window-pieces.js'

/** What {@link gaussianFilter} takes. */
export const GAUSSIAN_DTYPES: readonly Dtype[] = [
  ...(['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32'] as const),
  ...(['float16', 'float32', 'float64'] as const),
]

/**
 * What the weights of whole numbers are raised by: a flat region of 100 must not become 99 because rounding errors make
 * its sum 99.99999999999999. Far above such errors (2^-50), far below what a voxel is.
 */
const LIFT = 1 + 2 ** -40

/**
 * Blurs every z section of every channel by itself: specification 6.6. Along y, then along x; a border is mirrored with
 * its edge voxel repeated; whole numbers are truncated after each of the two passes. As `scipy.ndimage.gaussian_filter`
 * on each section, but flat regions of whole numbers keep their value.
 * @param chunk of GAUSSIAN_DTYPES; float16 is blurred in float32
 * @param sigma standard deviation in voxels, at least 0
 * @returns a new chunk with the same properties
 */
export async function gaussianFilter(
  chunk: Chunk,
  sigma: number,
  services: ComputeServices,
  pieceBytes?: number,
): Promise<Chunk> {
  if (chunk.dtype === 'float16')
    return inFloat32(chunk, (wide) => gaussianFilter(wide, sigma, services, pieceBytes))
  const output = withProperties(chunk, { data: allocate(chunk.dtype, chunk.data.length) })
  await runCalls({ name: 'gaussian', base64 }, blurCalls(chunk, output, sigma, pieceBytes), services)
  return output
}

function* blurCalls(
  chunk: Chunk,
  output: Chunk,
  sigma: number,
  pieceBytes: number | undefined,
): Generator<KernelCall> {
  const weights = gaussianWeights(sigma).map((weight) => (isFloat(chunk.dtype) ? weight : weight * LIFT))
  const radius = weights.length - 1
  const [, , width] = spatialSize(chunk)
  const reach = { before: radius, after: radius }
  const columns = { in: Int32Array.from(windowIndices(0, width, reach, width, 'reflect')) }
  const none = { before: 0, after: 0 }
  for (const piece of windowPieces(chunk, output.data, { z: none, y: reach }, 'reflect', pieceBytes))
    yield {
      export: chunk.dtype,
      args: [
        { in: piece.source },
        { out: piece.target },
        ...[piece.sections, piece.sourceRows, piece.rows, width],
        { in: piece.rowMap },
        columns,
        { in: weights },
        radius,
        { heap: true },
      ],
    }
}

/** How many voxels on either side {@link gaussianFilter} sees. */
export const gaussianRadius = (sigma: number): number => Math.floor(4 * sigma + 0.5)

/** exp(-k^2 / (2 sigma^2)) for k = 0..floor(4 sigma + 0.5), divided by the sum over both sides. */
export function gaussianWeights(sigma: number): Float64Array {
  const radius = gaussianRadius(sigma)
  if (radius === 0) return Float64Array.of(1)
  const side = Float64Array.from({ length: radius + 1 }, (_, k) => Math.exp(-(k * k) / (2 * sigma * sigma)))
  const sum = side.reduceRight((total, weight, k) => total + (k === 0 ? weight : 2 * weight), 0)
  return side.map((weight) => weight / sum)
}
