import {
  allocate,
  bytesPerElement,
  ceilDivideZyx,
  type Dtype,
  productZyx,
  type TypedArray,
  type Zyx,
  zyx,
} from '@chunkflow/kernel/authoring'
import type { ComputeServices } from './compute-services.js'
import downsampleMode from './downsample-mode.wasm.js'
import type { DownsampleOptions, NewVoxels } from './downsample-options.js'
import { halvingPieces, runCalls } from './halving.js'
import { pieceOf } from './pieces.js'

const PIECE_BYTES = 2 ** 21

/**
 * One coarser level of labels, channel by channel; sizes are rounded up, ids exact, 0 an ordinary id.
 *
 * Where the factor is 2 along two axes, A B / C D gives A if A = B or A = C, else B if B = C, else D (COUNTLESS,
 * W. Silversmith, 2017). Where it is 2 along three, the most frequent of the eight, among equals the one met first in
 * the order 000, +x, +y, +x+y, +z, +x+z, +y+z, +x+y+z. At odd ends the last voxel stands for its missing neighbour.
 * Higher powers of two repeat this; other factors, and 2 along one axis only, take the first voxel of each block.
 */
export async function modeLevel(
  data: TypedArray,
  dtype: Dtype,
  size: Zyx,
  channels: number,
  factor: Zyx,
  services: ComputeServices,
  { pieceBytes = PIECE_BYTES, newVoxels = allocate }: DownsampleOptions = {},
): Promise<TypedArray> {
  const step = factor.map((value) => Math.min(2, value)) as unknown as Zyx
  if (!factor.every(isPowerOfTwo) || productZyx(step) < 4)
    return firstVoxels(data, dtype, size, channels, factor, newVoxels)
  const coarse = ceilDivideZyx(size, step)
  const rest = zyx(factor[0] / step[0], factor[1] / step[1], factor[2] / step[2])
  const isLast = productZyx(rest) === 1
  const result = (isLast ? newVoxels : allocate)(dtype, channels * productZyx(coarse))
  const bytes = bytesPerElement(dtype)
  const calls = [...halvingPieces(size, channels, step, pieceBytes / bytes)].map((piece) => ({
    export: `mode${bytes * 8}`,
    args: [
      { in: pieceOf(data, ...piece.first) },
      piece.second === null ? 0 : { in: pieceOf(data, ...piece.second) },
      { out: pieceOf(result, ...piece.target) },
      ...[piece.sections, piece.rows, size[2], ...step],
    ],
  }))
  await runCalls({ name: 'downsample-mode', base64: downsampleMode }, calls, services)
  if (isLast) return result
  return modeLevel(result, dtype, coarse, channels, rest, services, { pieceBytes, newVoxels })
}

const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value))

/** The first voxel of each block. */
export function firstVoxels(
  data: TypedArray,
  dtype: Dtype,
  size: Zyx,
  channels: number,
  factor: Zyx,
  newVoxels: NewVoxels = allocate,
): TypedArray {
  const coarse = ceilDivideZyx(size, factor)
  const result = newVoxels(dtype, channels * productZyx(coarse))
  // number and bigint arrays copy alike; the cast only picks one signature
  const from = data as Uint8Array
  const to = result as Uint8Array
  let index = 0
  for (let channel = 0; channel < channels; channel++)
    for (let z = 0; z < size[0]; z += factor[0])
      for (let y = 0; y < size[1]; y += factor[1]) {
        const row = ((channel * size[0] + z) * size[1] + y) * size[2]
        for (let x = 0; x < size[2]; x += factor[2]) to[index++] = from[row + x]!
      }
  return result
}
