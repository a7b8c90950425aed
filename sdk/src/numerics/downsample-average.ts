import {
  allocate,
  bytesPerElement,
  ceilDivideZyx,
  chunkflowError,
  DTYPES,
  type Dtype,
  decodeFloat16,
  isFloat,
  numberToFloat16,
  productZyx,
  type TypedArray,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import type { ComputeServices } from './compute-services.js'
import downsampleAverage from './downsample-average.wasm.js'
import type { DownsampleOptions, NewVoxels } from './downsample-options.js'
import { halvingPieces, runCalls } from './halving.js'
import { pieceOf } from './pieces.js'

const PIECE_BYTES = 2 ** 21

/** Element types that have means here. */
export const canAverage = (dtype: Dtype): boolean =>
  isFloat(dtype) || (DTYPES[dtype].kind !== 'bool' && DTYPES[dtype].bytes <= 2)

/** Voxels of several channels, in C order. */
interface Volume<T extends TypedArray = TypedArray> {
  readonly data: T
  readonly size: Zyx
  readonly channels: number
}

/**
 * Means over blocks, level after level, channel by channel; sizes are rounded up. Every mean is that of the original
 * voxels, whole numbers are truncated towards zero. A block that overhangs counts the voxels it has.
 *
 * Factors of 1 and 2 are exact: whole numbers keep their sums from level to level, floats lose nothing by a division by
 * a power of two (float16 is summed in float32). Other factors keep float32 means (float64 for float64) between levels.
 * @returns the data of each level, finest first
 * @throws dtype-unsupported for bool and for integers of 32 and 64 bits
 */
export async function averagePyramid(
  data: TypedArray,
  dtype: Dtype,
  size: Zyx,
  channels: number,
  factor: Zyx,
  levels: number,
  services: ComputeServices,
  { pieceBytes = PIECE_BYTES, newVoxels = allocate }: DownsampleOptions = {},
): Promise<TypedArray[]> {
  if (!canAverage(dtype))
    throw chunkflowError('dtype-unsupported', `${dtype} values are not averaged`, {
      fix: 'labels are downsampled by their mode',
    })
  if (dtype === 'float16') {
    const wide = allocate('float32', data.length) as Float32Array
    decodeFloat16(data as Uint16Array, wide)
    const means = await averagePyramid(wide, 'float32', size, channels, factor, levels, services, {
      pieceBytes,
    })
    return means.map((level) => encode(level as Float32Array, 'float16', newVoxels))
  }
  const volume = { data, size, channels }
  return factor.every((value) => value <= 2)
    ? halvePyramid(volume, dtype, factor, levels, services, { pieceBytes, newVoxels })
    : meansPyramid(volume, dtype, factor, levels, {
        Means: dtype === 'float64' ? Float64Array : Float32Array,
        newVoxels,
      })
}

async function halvePyramid(
  volume: Volume,
  dtype: Dtype,
  factor: Zyx,
  levels: number,
  services: ComputeServices,
  { pieceBytes, newVoxels }: Required<DownsampleOptions>,
): Promise<TypedArray[]> {
  const results: TypedArray[] = []
  const shift = Math.log2(productZyx(factor))
  const exact = isFloat(dtype)
  const sumDtype = DTYPES[dtype].kind === 'signed' ? 'int32' : 'uint32'
  let { data, size } = volume
  let source = dtype
  let total = 0
  while (results.length < levels) {
    total = exact ? shift : total + shift
    // sums would overflow: by now the volume is so small that the plain way costs nothing
    if (!exact && bytesPerElement(dtype) * 8 + total > 32) {
      const means = Float64Array.from(data as Uint32Array, (sum) => sum / 2 ** (total - shift))
      const rest = levels - results.length
      return [
        ...results,
        ...meansPyramid({ ...volume, data: means, size }, dtype, factor, rest, {
          Means: Float64Array,
          newVoxels,
        }),
      ]
    }
    const coarse = ceilDivideZyx(size, factor)
    const length = volume.channels * productZyx(coarse)
    const result = newVoxels(dtype, length)
    const sums = exact || results.length + 1 === levels ? null : allocate(sumDtype, length)
    const calls = [...halvingPieces(size, volume.channels, factor, pieceBytes / bytesPerElement(source))].map(
      (piece) => ({
        export: source,
        args: [
          { in: pieceOf(data, ...piece.first) },
          piece.second === null ? 0 : { in: pieceOf(data, ...piece.second) },
          { out: pieceOf(result, ...piece.target) },
          sums === null ? 0 : { out: pieceOf(sums, ...piece.target) },
          ...[bytesPerElement(dtype), piece.sections, piece.rows, size[2], ...factor, total],
        ],
      }),
    )
    await runCalls({ name: 'downsample-average', base64: downsampleAverage }, calls, services)
    results.push(result)
    data = sums ?? result
    if (sums !== null) source = sumDtype
    size = coarse
  }
  return results
}

function meansPyramid(
  volume: Volume,
  dtype: Dtype,
  factor: Zyx,
  levels: number,
  { Means, newVoxels }: { Means: typeof Float32Array | typeof Float64Array; newVoxels: NewVoxels },
): TypedArray[] {
  const results: TypedArray[] = []
  let current = volume
  while (results.length < levels) {
    const means = blockMeans(current as Volume<Float64Array>, factor, Means)
    results.push(encode(means.data, dtype, newVoxels))
    current = means
  }
  return results
}

/** Means over the voxels that each block has. */
function blockMeans(
  { data, size, channels }: Volume<Float64Array>,
  factor: Zyx,
  Means: typeof Float32Array | typeof Float64Array,
): Volume<Float32Array | Float64Array> {
  const coarse = ceilDivideZyx(size, factor)
  const means = new Means(channels * productZyx(coarse))
  const sums = new Float64Array(coarse[2])
  let target = 0
  for (let channel = 0; channel < channels; channel++)
    for (let z = 0; z < size[0]; z += factor[0])
      for (let y = 0; y < size[1]; y += factor[1]) {
        const sections = Math.min(factor[0], size[0] - z)
        const rows = Math.min(factor[1], size[1] - y)
        sums.fill(0)
        for (let section = z; section < z + sections; section++)
          for (let row = y; row < y + rows; row++)
            addBlocks(
              data,
              ((channel * size[0] + section) * size[1] + row) * size[2],
              size[2],
              factor[2],
              sums,
            )
        for (let x = 0; x < coarse[2]; x++) {
          const voxels = sections * rows * Math.min(factor[2], size[2] - x * factor[2])
          means[target++] = sums[x]! / voxels
        }
      }
  return { data: means, size: coarse, channels }
}

function addBlocks(
  data: Float64Array,
  start: number,
  length: number,
  factor: number,
  sums: Float64Array,
): void {
  for (let x = 0, block = 0; x < length; block++)
    for (const end = Math.min(length, x + factor); x < end; x++) sums[block]! += data[start + x]!
}

/** Whole numbers truncated towards zero. */
function encode(values: Float32Array | Float64Array, dtype: Dtype, newVoxels: NewVoxels): TypedArray {
  const result = newVoxels(dtype, values.length) as Uint8Array
  if (dtype === 'float16')
    for (let index = 0; index < values.length; index++) result[index] = numberToFloat16(values[index]!)
  else result.set(values)
  return result
}
