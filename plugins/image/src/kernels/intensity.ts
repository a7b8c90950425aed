import {
  allocate,
  arithmetic,
  type Chunk,
  chunkflowError,
  createChunk,
  type Dtype,
  describeChunk,
  elementAsNumber,
  looksLikeProbabilityMap,
  type TypedArray,
} from '@chunkflow/sdk'

/** What {@link rescaleIntensity} takes: types that hold 0..255 and are exact as numbers. */
export const RESCALE_DTYPES: readonly Dtype[] = [
  ...(['uint8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'float64'] as const),
]

/** The bytes of `chunk` through a table of 256 entries; the layer type is inferred anew. */
function lookUp(chunk: Chunk, table: Float32Array | Uint8Array): Chunk {
  const { shape, voxelOffset, voxelSize } = chunk
  const from = chunk.data as Uint8Array
  const out = allocate(table instanceof Uint8Array ? 'uint8' : 'float32', from.length) as Uint8Array
  for (let index = 0; index < out.length; index++) out[index] = table[from[index]!]!
  return createChunk(out, shape, { voxelOffset, voxelSize })
}

/** v / 127.5 - 1 of a uint8 chunk, each step in float32. */
export const normalizeBytes = (chunk: Chunk): Chunk =>
  lookUp(
    chunk,
    Float32Array.from({ length: 256 }, (_, value) => Math.fround(value / 127.5) - 1),
  )

/** 255 - v of a uint8 chunk, 1 - v of a float32 one. @throws image-range when a float is not in [0, 1] */
export function inverse(chunk: Chunk): Chunk {
  if (chunk.dtype === 'uint8')
    return lookUp(
      chunk,
      Uint8Array.from({ length: 256 }, (_, value) => 255 - value),
    )
  if (!looksLikeProbabilityMap(chunk)) throw outOfRange('inverse', chunk, 0, 1)
  const { data, shape, voxelOffset, voxelSize } = chunk
  const from = data as Float32Array
  const out = allocate('float32', from.length) as Float32Array
  for (let index = 0; index < out.length; index++) out[index] = 1 - from[index]!
  return createChunk(out, shape, { voxelOffset, voxelSize })
}

/**
 * (v + 1) / 2: floats keep their type. Bytes are divided by 255 first and so end in [0.5, 1], as float32.
 * @throws image-range when a float is not in [-1, 1]
 */
export function mapTo01(chunk: Chunk): Chunk {
  if (chunk.dtype === 'uint8')
    return lookUp(
      chunk,
      Float32Array.from({ length: 256 }, (_, value) => (Math.fround(value / 255) + 1) / 2),
    )
  const { low, high } = rangeOf(chunk.data, chunk.dtype)
  if (!(low >= -1 && high <= 1)) throw outOfRange('mapto01', chunk, -1, 1)
  return arithmetic(arithmetic(chunk, 'add', 1), 'divide', 2)
}

/**
 * Clamps to [low, high] and maps that linearly to [0, 255]; whole numbers are truncated. Keeps the dtype.
 * @param chunk of RESCALE_DTYPES
 * @param lowest low; left out, the smallest voxel
 * @param highest high; left out, the largest voxel. When it is not above `lowest` all becomes 0
 */
export function rescaleIntensity(chunk: Chunk, lowest?: number, highest?: number): Chunk {
  const { data, dtype, shape, voxelOffset, voxelSize } = chunk
  const range = lowest !== undefined && highest !== undefined ? undefined : rangeOf(data, dtype)
  const low = lowest ?? range!.low
  const high = highest ?? range!.high
  const out = allocate(dtype, data.length) as Float64Array
  const from = data as Float64Array
  if (high > low)
    for (let index = 0; index < out.length; index++) {
      const value = from[index]!
      out[index] = value <= low ? 0 : value >= high ? 255 : ((value - low) * 255) / (high - low)
    }
  return createChunk(out, shape, { dtype, voxelOffset, voxelSize })
}

/** clamp((v - min) / (max - min), 0, 1) * 255, truncated, of a uint8 chunk; each step in float32. */
export function stretchIntensity(chunk: Chunk, minimum: number, maximum: number): Chunk {
  const table = Uint8Array.from({ length: 256 }, (_, value) => {
    const fraction = Math.fround((value - minimum) / (maximum - minimum))
    return Math.fround(255 * Math.min(1, Math.max(0, fraction)))
  })
  return lookUp(chunk, table)
}

/** The smallest and the largest value; NaN both when there is a NaN, and of no voxels an empty range. */
export function rangeOf(data: TypedArray, dtype: Dtype): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let index = 0; index < data.length; index++) {
    const value = elementAsNumber(data, dtype, index)
    if (value < low) low = value
    if (value > high) high = value
    if (Number.isNaN(value)) return { low: Number.NaN, high: Number.NaN }
  }
  return { low, high }
}

const outOfRange = (operator: string, chunk: Chunk, low: number, high: number) => {
  const range = rangeOf(chunk.data, chunk.dtype)
  return chunkflowError(
    'image-range',
    `${operator} takes values in [${low}, ${high}]; ${describeChunk(chunk)} holds ${Number.isNaN(range.low) ? 'NaN' : `${range.low} to ${range.high}`}`,
    { fix: 'quantize, rescale-intensity or normalize-intensity bring values into a known range' },
  )
}
