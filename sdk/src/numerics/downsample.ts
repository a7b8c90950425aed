import {
  allocate,
  type Chunk,
  ceilDivideZyx,
  channelCount,
  createChunk,
  type Dtype,
  float16ToNumber,
  floorDivideZyx,
  multiplyZyx,
  numberToFloat16,
  rank,
  spatialSize,
  type TypedArray,
  withProperties,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import type { ComputeServices } from './compute-services.js'

/** `average`: the mean of each block. `mode`: the most frequent label of each block. */
export type DownsampleKind = 'average' | 'mode'

/** What a chunk is downsampled by unless somebody says otherwise: images and maps by average, labels by mode. */
export const downsampleKindOf = ({ dtype, layerType }: Pick<Chunk, 'dtype' | 'layerType'>): DownsampleKind =>
  ['uint8', 'int8', 'int16', 'float16', 'float32', 'float64'].includes(dtype) ||
  (dtype === 'uint16' && layerType === 'image')
    ? 'average'
    : 'mode'

/**
 * One level coarser, channel by channel. Sizes are rounded up; offset = floor(offset / factor), voxel size × factor,
 * dtype and layer type kept.
 * @param factorZyx whole numbers of at least 1
 */
export async function downsampleChunk(
  chunk: Chunk,
  factorZyx: Zyx,
  services: ComputeServices,
  kind: DownsampleKind = downsampleKindOf(chunk),
): Promise<Chunk> {
  return (await downsamplePyramid(chunk, factorZyx, 1, services, kind))[0]!
}

/**
 * Several levels, finest first, without the chunk itself. Averages are taken of the original voxels: nothing is rounded
 * between levels.
 */
export async function downsamplePyramid(
  chunk: Chunk,
  factorZyx: Zyx,
  levels: number,
  _services: ComputeServices,
  kind: DownsampleKind = downsampleKindOf(chunk),
): Promise<Chunk[]> {
  const result: Chunk[] = []
  let previous = chunk
  let exact = kind === 'average' ? decode(chunk.data, chunk.dtype) : undefined
  for (let level = 0; level < levels; level++) {
    const size = spatialSize(previous)
    const coarse = ceilDivideZyx(size, factorZyx)
    const shape = rank(chunk) === 4 ? [channelCount(chunk), ...coarse] : [...coarse]
    let data: TypedArray
    if (exact === undefined) data = modes(previous, factorZyx, shape)
    else {
      exact = means(exact, channelCount(chunk), size, factorZyx, coarse)
      data = encode(exact, chunk.dtype)
    }
    const coarser = createChunk(data, shape, {
      dtype: chunk.dtype,
      voxelOffset: floorDivideZyx(previous.voxelOffset, factorZyx),
      voxelSize: previous.voxelSize === null ? null : multiplyZyx(previous.voxelSize, factorZyx),
      layerType: chunk.layerType,
    })
    previous = withProperties(coarser, { layerTypeDeclared: chunk.layerTypeDeclared })
    result.push(previous)
  }
  return result
}

function decode(data: TypedArray, dtype: Dtype): Float64Array {
  return Float64Array.from(data as Uint8Array, dtype === 'float16' ? float16ToNumber : Number)
}

function encode(values: Float64Array, dtype: Dtype): TypedArray {
  const data = allocate(dtype, values.length) as Uint8Array
  for (let index = 0; index < data.length; index++)
    data[index] = dtype === 'float16' ? numberToFloat16(values[index]!) : values[index]!
  return data
}

function means(from: Float64Array, channels: number, size: Zyx, factor: Zyx, coarse: Zyx): Float64Array {
  const sums = new Float64Array(channels * coarse[0] * coarse[1] * coarse[2])
  const counts = new Float64Array(sums.length)
  let index = 0
  for (let c = 0; c < channels; c++)
    for (let z = 0; z < size[0]; z++)
      for (let y = 0; y < size[1]; y++)
        for (let x = 0; x < size[2]; x++) {
          const at =
            ((c * coarse[0] + Math.floor(z / factor[0])) * coarse[1] + Math.floor(y / factor[1])) *
              coarse[2] +
            Math.floor(x / factor[2])
          sums[at]! += from[index++]!
          counts[at]! += 1
        }
  return sums.map((sum, at) => sum / counts[at]!)
}

function modes(chunk: Chunk, factor: Zyx, shape: readonly number[]): TypedArray {
  const isPowerOfTwo = factor.every((value) => (value & (value - 1)) === 0)
  const step = factor.map((value) => (isPowerOfTwo ? Math.min(2, value) : value)) as unknown as Zyx
  const size = spatialSize(chunk)
  const channels = channelCount(chunk)
  const coarse = ceilDivideZyx(size, step)
  const from = chunk.data as Uint8Array
  const to = allocate(chunk.dtype, channels * coarse[0] * coarse[1] * coarse[2]) as Uint8Array
  let index = 0
  for (let c = 0; c < channels; c++)
    for (let z = 0; z < size[0]; z += step[0])
      for (let y = 0; y < size[1]; y += step[1])
        for (let x = 0; x < size[2]; x += step[2]) {
          const block: number[] = []
          if (!isPowerOfTwo) block.push(from[((c * size[0] + z) * size[1] + y) * size[2] + x]!)
          else
            for (let dz = 0; dz < step[0]; dz++)
              for (let dy = 0; dy < step[1]; dy++)
                for (let dx = 0; dx < step[2]; dx++)
                  block.push(
                    from[
                      ((c * size[0] + Math.min(z + dz, size[0] - 1)) * size[1] +
                        Math.min(y + dy, size[1] - 1)) *
                        size[2] +
                        Math.min(x + dx, size[2] - 1)
                    ]!,
                  )
          to[index++] = modeOf(block)
        }
  const rest = factor.map((value, axis) => value / step[axis]!) as unknown as Zyx
  if (rest.every((value) => value === 1)) return to
  const middle = createChunk(to, shape.length === 4 ? [channels, ...coarse] : coarse, {
    dtype: chunk.dtype,
    layerType: chunk.layerType,
  })
  return modes(middle, rest, shape)
}

function modeOf(block: readonly number[]): number {
  if (block.length === 4) {
    const [a, b, c, d] = block
    return a === b || a === c ? a! : b === c ? b! : d!
  }
  let best = block[0]!
  let most = 0
  for (const value of block) {
    const votes = block.filter((other) => other === value).length
    if (votes > most) [best, most] = [value, votes]
  }
  return best
}
