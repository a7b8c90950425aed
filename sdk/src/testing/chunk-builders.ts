import {
  allocate,
  type Chunk,
  type ChunkProperties,
  createChunk,
  type Dtype,
  isBigDtype,
  isFloat,
} from '@chunkflow/kernel/authoring'

/** A small deterministic generator (mulberry32), so that a failing test fails again. Values in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A chunk whose voxels all differ where the dtype allows: an axis swap never goes unnoticed. */
export function rampChunk(shape: readonly number[], properties: ChunkProperties & { dtype: Dtype }): Chunk {
  const { dtype } = properties
  const data = allocate(
    dtype,
    shape.reduce((left, right) => left * right, 1),
  )
  for (let index = 0; index < data.length; index++)
    data[index] = isBigDtype(dtype)
      ? BigInt(index)
      : isFloat(dtype) && dtype !== 'float16'
        ? index / data.length
        : dtype === 'bool'
          ? index & 1
          : index
  return createChunk(data, shape, properties)
}

/** Random voxels: [0, 1) for floats, whole numbers below `limit` otherwise. */
export function randomChunk(
  shape: readonly number[],
  properties: ChunkProperties & { dtype: Dtype },
  { seed = 1, limit = 200 } = {},
): Chunk {
  const { dtype } = properties
  const random = seededRandom(seed)
  const data = allocate(
    dtype,
    shape.reduce((left, right) => left * right, 1),
  )
  for (let index = 0; index < data.length; index++) {
    const value = random()
    data[index] =
      isFloat(dtype) && dtype !== 'float16'
        ? value
        : isBigDtype(dtype)
          ? BigInt(Math.floor(value * limit))
          : dtype === 'bool'
            ? value < 0.5
              ? 0
              : 1
            : Math.floor(value * limit)
  }
  return createChunk(data, shape, properties)
}

/** Anisotropic, non-cubic and offset: the shape to test with. */
export const ODD_SHAPE = Object.freeze([5, 9, 14] as const)
export const ODD_PLACEMENT = Object.freeze({
  voxelOffset: Object.freeze([7, -3, 11] as const),
  voxelSize: Object.freeze([40, 8, 4] as const),
})
