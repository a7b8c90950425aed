import {
  allocate,
  type Chunk,
  ceilDivideZyx,
  channelCount,
  chunkflowError,
  createChunk,
  floorDivideZyx,
  formatFlag,
  multiplyZyx,
  rank,
  spatialSize,
  type TypedArray,
  withProperties,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import type { ComputeServices } from './compute-services.js'
import { averagePyramid } from './downsample-average.js'
import { modeLevel } from './downsample-mode.js'
import type { NewVoxels } from './downsample-options.js'

/** `average`: the mean of each block. `mode`: the most frequent label of each block. */
export type DownsampleKind = 'average' | 'mode'

/**
 * How a chunk is downsampled unless somebody says otherwise: floats, uint8, int8 and int16 by average; uint16 too when
 * it was declared an image (undeclared it is taken for labels); all else by mode.
 */
export function downsampleKindOf({ dtype, layerType }: Pick<Chunk, 'dtype' | 'layerType'>): DownsampleKind {
  if (dtype === 'uint16') return layerType === 'image' ? 'average' : 'mode'
  return ['uint8', 'int8', 'int16', 'float16', 'float32', 'float64'].includes(dtype) ? 'average' : 'mode'
}

/**
 * One level coarser, channel by channel. Sizes are rounded up; offset = floor(offset / factor), voxel size * factor;
 * dtype and layer type are kept. See averagePyramid and modeLevel for the numbers.
 * @param factorZyx whole numbers of at least 1
 * @param newVoxels gives the memory of the result, which callers with many small chunks may want to use again
 * @throws dtype-unsupported for an average of bool, 32- or 64-bit integers; shape-mismatch for an impossible factor
 */
export async function downsampleChunk(
  chunk: Chunk,
  factorZyx: Zyx,
  services: ComputeServices,
  kind: DownsampleKind = downsampleKindOf(chunk),
  newVoxels: NewVoxels = allocate,
): Promise<Chunk> {
  return (await downsamplePyramid(chunk, factorZyx, 1, services, kind, newVoxels))[0]!
}

/**
 * Several levels, finest first, without the chunk itself. Averages are those of the chunk's own voxels (nothing is
 * rounded between levels); the mode of a level is taken from the level before.
 */
export async function downsamplePyramid(
  chunk: Chunk,
  factorZyx: Zyx,
  levels: number,
  services: ComputeServices,
  kind: DownsampleKind = downsampleKindOf(chunk),
  newVoxels: NewVoxels = allocate,
): Promise<Chunk[]> {
  if (!factorZyx.every((value) => Number.isSafeInteger(value) && value >= 1))
    throw chunkflowError('shape-mismatch', `A chunk cannot be made coarser by ${formatFlag(factorZyx)}`, {
      fix: 'factors are whole numbers of at least 1, in z y x order',
    })
  const { data, dtype } = chunk
  const channels = channelCount(chunk)
  if (kind === 'average')
    return placeLevels(
      chunk,
      factorZyx,
      await averagePyramid(data, dtype, spatialSize(chunk), channels, factorZyx, levels, services, {
        newVoxels,
      }),
    )
  const results: TypedArray[] = []
  let size = spatialSize(chunk)
  while (results.length < levels) {
    results.push(
      await modeLevel(results.at(-1) ?? data, dtype, size, channels, factorZyx, services, { newVoxels }),
    )
    size = ceilDivideZyx(size, factorZyx)
  }
  return placeLevels(chunk, factorZyx, results)
}

/** Gives the data of successive levels their place. */
function placeLevels(chunk: Chunk, factor: Zyx, levels: readonly TypedArray[]): Chunk[] {
  let finer = chunk
  return levels.map((data) => {
    const size = ceilDivideZyx(spatialSize(finer), factor)
    const { dtype, voxelOffset, voxelSize, layerType, layerTypeDeclared } = finer
    const coarser = createChunk(data, rank(chunk) === 4 ? [channelCount(chunk), ...size] : size, {
      dtype,
      voxelOffset: floorDivideZyx(voxelOffset, factor),
      voxelSize: voxelSize === null ? null : multiplyZyx(voxelSize, factor),
      layerType: 'unknown',
    })
    finer = withProperties(coarser, { layerType, layerTypeDeclared })
    return finer
  })
}
