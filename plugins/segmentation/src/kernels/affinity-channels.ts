import {
  allocate,
  type Chunk,
  chunkflowError,
  float16ToNumber,
  formatSize,
  productZyx,
  type Zyx,
} from '@chunkflow/sdk'
import type { Slab } from './slabs.js'

/** Which axis the three channels of an affinity map belong to. */
export type ChannelOrder = 'xyz' | 'zyx'

/** Three arrays: a voxel's affinity to its lower neighbour on each axis. */
export interface AffinityChannels {
  readonly z: Float32Array
  readonly y: Float32Array
  readonly x: Float32Array
}

/**
 * Views of the channels.
 * @param affinity (3, z, y, x)
 * @throws affinity-invalid
 */
export function affinityChannels(
  affinity: Float32Array,
  shapeZyx: Zyx,
  order: ChannelOrder,
): AffinityChannels {
  const voxels = productZyx(shapeZyx)
  if (affinity.length !== 3 * voxels)
    throw chunkflowError(
      'affinity-invalid',
      `${affinity.length} values are not three affinities for each of ${formatSize(shapeZyx)} voxels`,
    )
  const channel = (index: number) => affinity.subarray(index * voxels, (index + 1) * voxels)
  return order === 'xyz'
    ? { z: channel(2), y: channel(1), x: channel(0) }
    : { z: channel(0), y: channel(1), x: channel(2) }
}

/** Some sections of a channel; `more` sections behind them too, as far as there are any. */
export const sectionsOf = <T extends Float32Array | Uint32Array>(
  array: T,
  plane: number,
  { first, planes }: Slab,
  more = 0,
): T => array.subarray(first * plane, (first + planes + more) * plane) as T

/** The values of a float32 or float16 chunk as float32. */
export function affinityValues({ data, dtype }: Chunk): Float32Array {
  if (dtype !== 'float16') return data as Float32Array
  const table = Float32Array.from({ length: 65536 }, (_, bits) => float16ToNumber(bits))
  const bits = data as Uint16Array
  const values = allocate('float32', bits.length) as Float32Array
  for (let index = 0; index < values.length; index++) values[index] = table[bits[index]!]!
  return values
}
