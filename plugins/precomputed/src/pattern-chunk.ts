import {
  allocate,
  bytesPerElement,
  type Chunk,
  createChunk,
  type Dtype,
  isFloat,
  type TypedArray,
} from '@chunkflow/sdk'

/** Elements of the pattern that is repeated. */
const PERIOD = 65521

/**
 * A chunk that stands for data in a dry run: small numbers that are not all zero, floats in [0, 1); the same every time.
 * @param like shape, dtype and placement
 */
export function patternChunk(like: {
  shape: readonly number[]
  dtype: Dtype
  voxelOffset: readonly number[]
  voxelSize: readonly number[]
  layerType: 'image' | 'segmentation'
}): Chunk {
  const { shape, dtype } = like
  const data = allocate(
    dtype,
    shape.reduce((left, right) => left * right, 1),
  )
  const head = data.subarray(0, PERIOD) as Uint8Array
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array
  for (let index = 0; index < head.length; index++) {
    const value = (Math.imul(index + 1, 2654435761) >>> 24) & 0x7f
    const element = isFloat(dtype) && dtype !== 'float16' ? value / 128 : dtype === 'bool' ? value & 1 : value
    ;(head as TypedArray)[index] = (big ? BigInt(value) : element) as never
  }
  // doubling copies: each one moves what is already there
  for (let filled = head.length; filled > 0 && filled < data.length; filled *= 2) {
    const bytes = bytesPerElement(dtype)
    const length = Math.min(filled, data.length - filled) * bytes
    new Uint8Array(data.buffer, filled * bytes, length).set(new Uint8Array(data.buffer, 0, length))
  }
  return createChunk(data, shape, like)
}
