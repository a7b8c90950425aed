import { type Chunk, channelCount, isBigDtype, spatialSize, type Zyx } from '@chunkflow/sdk'

/** A coarse mask: one byte per voxel, 0 removes. */
export interface Mask {
  readonly data: Uint8Array
  readonly size: Zyx
}

/** Non-zero voxels as 1; the other way round when inverted. Also for values of 64 bits and floats. */
export function binarise({ data, dtype }: Pick<Chunk, 'data' | 'dtype'>, inverse: boolean): Uint8Array {
  const result = new Uint8Array(data.length)
  const zero = isBigDtype(dtype) ? 0n : 0
  const [set, unset] = inverse ? [0, 1] : [1, 0]
  // float16 minus zero has a bit set
  const isZero =
    dtype === 'float16' ? (value: number | bigint) => ((value as number) & 0x7fff) === 0 : undefined
  for (let index = 0; index < result.length; index++) {
    const value = data[index]!
    result[index] = (isZero === undefined ? value === zero : isZero(value)) ? unset : set
  }
  return result
}

/**
 * Sets every voxel of a chunk to 0 whose mask voxel is 0, in place, in all channels (specification 6.2). The mask covers the chunk
 * exactly when each of its voxels is replicated `factor` times.
 */
export function maskVoxels(chunk: Chunk, mask: Mask, factor: Zyx): void {
  const [sizeZ, sizeY, sizeX] = spatialSize(chunk)
  const bytes = chunk.data.BYTES_PER_ELEMENT
  const maskX = mask.size[2]
  for (let channel = 0; channel < channelCount(chunk); channel++)
    for (let z = 0; z < sizeZ; z++)
      for (let y = 0; y < sizeY; y++) {
        const maskRow = (Math.floor(z / factor[0]) * mask.size[1] + Math.floor(y / factor[1])) * maskX
        const row = ((channel * sizeZ + z) * sizeY + y) * sizeX
        for (let x = 0; x < maskX; x++) {
          if (mask.data[maskRow + x] !== 0) continue
          const first = x
          while (x + 1 < maskX && mask.data[maskRow + x + 1] === 0) x += 1
          const start = chunk.data.byteOffset + (row + first * factor[2]) * bytes
          new Uint8Array(chunk.data.buffer, start, (x + 1 - first) * factor[2] * bytes).fill(0)
        }
      }
}
