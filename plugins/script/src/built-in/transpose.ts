import { allocate, type Chunk, createChunk, type Zyx } from '@chunkflow/sdk'

/** Reverses the axes; offset and voxel size too unless `only_array` (the default). */
export function execute(chunk: Chunk, { only_array: onlyArray = true } = {}): Chunk {
  const { data, dtype, shape, voxelOffset, voxelSize } = chunk
  const sizes = shape.toReversed()
  const target = allocate(dtype, data.length)
  // the stride, in the source, of each axis of the result
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1)).toReversed()
  const place = sizes.map(() => 0)
  let from = 0
  for (let to = 0; to < target.length; to++) {
    target[to] = data[from]!
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++place[axis]! < sizes[axis]!) break
      from -= strides[axis]! * sizes[axis]!
      place[axis] = 0
    }
  }
  const reverse = (triple: Zyx): readonly number[] => (onlyArray ? triple : triple.toReversed())
  return createChunk(target, sizes, {
    dtype,
    voxelOffset: reverse(voxelOffset),
    voxelSize: voxelSize && reverse(voxelSize),
  })
}
