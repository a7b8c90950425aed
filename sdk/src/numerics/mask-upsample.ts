import {
  type Chunk,
  channelCount,
  chunkflowError,
  cloneChunk,
  describeChunk,
  equalZyx,
  formatFlag,
  multiplyZyx,
  spatialSize,
  squeezeChannel,
  type TypedArray,
  type Zyx,
} from '@chunkflow/kernel/authoring'

/**
 * A copy of a chunk that is 0 wherever the coarser mask voxel over it is 0, in all channels. Both start at the same
 * corner; only sizes are compared, not offsets. Layer type, offset and voxel size are kept.
 * @param mask any dtype, 3-D or one channel; its size times the factor is the chunk's
 * @param factorZyx chunk voxels per mask voxel
 * @param inverse true: mask voxels that are not 0 remove instead
 * @throws shape-mismatch
 */
export function maskUpsample(chunk: Chunk, mask: Chunk, factorZyx: Zyx, { inverse = false } = {}): Chunk {
  const flat = squeezeChannel(mask)
  const [nz, ny, nx] = spatialSize(flat)
  const size = spatialSize(chunk)
  if (!equalZyx(multiplyZyx(spatialSize(flat), factorZyx), size))
    throw chunkflowError(
      'shape-mismatch',
      `A mask of ${describeChunk(mask)} does not cover ${describeChunk(chunk)} ${formatFlag(factorZyx)} voxels to one`,
      { fix: 'the chunk must be divisible by the factor between the two voxel sizes' },
    )
  const result = cloneChunk(chunk)
  const values = result.data as Uint8Array
  const zero = (typeof values[0] === 'bigint' ? 0n : 0) as number
  for (let row = 0; row < nz * ny; row++) {
    const ranges = removedRanges(flat, row * nx, nx, factorZyx[2], inverse)
    if (ranges.length === 0) continue
    const z = Math.floor(row / ny) * factorZyx[0]
    const y = (row % ny) * factorZyx[1]
    for (let channel = 0; channel < channelCount(chunk); channel++)
      for (let dz = 0; dz < factorZyx[0]; dz++)
        for (let dy = 0; dy < factorZyx[1]; dy++) {
          const start = ((channel * size[0] + z + dz) * size[1] + y + dy) * size[2]
          for (const [from, to] of ranges) values.fill(zero, start + from, start + to)
        }
  }
  return result
}

/** Ranges of chunk voxels, in x, under which a mask row removes. */
function removedRanges(
  { data, dtype }: { data: TypedArray; dtype: Chunk['dtype'] },
  start: number,
  length: number,
  factor: number,
  inverse: boolean,
): (readonly [number, number])[] {
  // a float16 holds bits, and minus zero is zero too
  const isZero =
    dtype === 'float16'
      ? (index: number): boolean => ((data[index] as number) & 0x7fff) === 0
      : (index: number): boolean => !data[index]
  const ranges: (readonly [number, number])[] = []
  for (let x = 0; x < length; ) {
    let end = x + 1
    const removes = isZero(start + x) !== inverse
    while (end < length && (isZero(start + end) !== inverse) === removes) end++
    if (removes) ranges.push([x * factor, end * factor])
    x = end
  }
  return ranges
}
