import { chunkflowError } from '../errors/chunkflow-error.js'
import { type BoundingBox, boxContains, boxSize, formatBox, intersectBoxes } from './bounding-box.js'
import {
  type Chunk,
  channelCount,
  chunkBox,
  createChunk,
  describeChunk,
  emptyChunk,
  inferAgain,
  rank,
  spatialSize,
  withProperties,
} from './chunk.js'
import { copyRegion } from './copy-region.js'
import { DTYPES, type TypedArray } from './dtype.js'
import { addZyx, subtractZyx, type Zyx, zyx } from './triple.js'

/**
 * Visits the x rows that two 3-D arrays share when `size` voxels are copied from `from` to `to`
 * (starts in array indices), for every channel. Row starts are element indices.
 */
function forEachRow(
  source: { shape: readonly number[]; start: Zyx },
  target: { shape: readonly number[]; start: Zyx },
  size: Zyx,
  channels: number,
  visit: (sourceStart: number, targetStart: number) => void,
): void {
  const [sourceZ, sourceY, sourceX] = source.shape.slice(-3) as [number, number, number]
  const [targetZ, targetY, targetX] = target.shape.slice(-3) as [number, number, number]
  for (let channel = 0; channel < channels; channel++)
    for (let z = 0; z < size[0]; z++)
      for (let y = 0; y < size[1]; y++)
        visit(
          ((channel * sourceZ + source.start[0] + z) * sourceY + source.start[1] + y) * sourceX +
            source.start[2],
          ((channel * targetZ + target.start[0] + z) * targetY + target.start[1] + y) * targetX +
            target.start[2],
        )
}

/**
 * The part of a chunk inside a box, all channels, on memory of its own. Keeps voxel size and layer type.
 * @param box global voxel coordinates, fully inside the chunk
 * @throws chunk-outside
 */
export function cutout(chunk: Chunk, box: BoundingBox): Chunk {
  requireInside(chunk, box)
  const size = boxSize(box)
  const shape = rank(chunk) === 4 ? [channelCount(chunk), ...size] : size
  const result = emptyChunk(chunk.dtype, shape, { voxelOffset: box.start, voxelSize: chunk.voxelSize })
  copyRegion(chunk, subtractZyx(box.start, chunk.voxelOffset), result, zyx(0, 0, 0), size)
  return withProperties(result, { layerType: chunk.layerType, layerTypeDeclared: chunk.layerTypeDeclared })
}

/**
 * Overwrites the part of `chunk` that `patch` covers; the patch must lie inside and have the same dtype and channels.
 * @throws chunk-outside, shape-mismatch
 */
export function savePatch(chunk: Chunk, patch: Chunk): void {
  requireInside(chunk, chunkBox(patch))
  if (patch.dtype !== chunk.dtype || channelCount(patch) !== channelCount(chunk))
    throw chunkflowError(
      'shape-mismatch',
      `${describeChunk(patch)} does not fit into ${describeChunk(chunk)}`,
    )
  copyRegion(
    patch,
    zyx(0, 0, 0),
    chunk,
    subtractZyx(patch.voxelOffset, chunk.voxelOffset),
    spatialSize(patch),
  )
}

/**
 * Adds `patch` to `chunk` where they overlap; what lies outside is dropped, also channels beyond the chunk's.
 * Both have the same dtype, not float16.
 */
export function blendPatch(chunk: Chunk, patch: Chunk): void {
  if (patch.dtype !== chunk.dtype || chunk.dtype === 'float16')
    throw chunkflowError('dtype-unsupported', `Cannot blend ${patch.dtype} into ${chunk.dtype}`)
  const common = intersectBoxes(chunkBox(chunk), chunkBox(patch))
  if (common === null) return
  const size = boxSize(common)
  const channels = Math.min(channelCount(chunk), channelCount(patch))
  // number and bigint arrays add alike; the cast only picks one signature
  const from = patch.data as Float32Array
  const to = chunk.data as Float32Array
  forEachRow(
    { shape: patch.shape, start: subtractZyx(common.start, patch.voxelOffset) },
    { shape: chunk.shape, start: subtractZyx(common.start, chunk.voxelOffset) },
    size,
    channels,
    (a, b) => {
      for (let x = 0; x < size[2]; x++) to[b + x]! += from[a + x]!
    },
  )
}

/**
 * Cuts margins off.
 * @param margin 3 values z y x for both sides, or 6: low z y x, then high z y x
 */
export function cropMargin(chunk: Chunk, margin: readonly number[]): Chunk {
  const six = margin.length === 3 ? [...margin, ...margin] : margin
  if (six.length !== 6)
    throw chunkflowError('shape-mismatch', `A margin has 3 or 6 values, not ${margin.length}`)
  const low = zyx(six[0]!, six[1]!, six[2]!)
  const high = zyx(six[3]!, six[4]!, six[5]!)
  const box = chunkBox(chunk)
  const size = subtractZyx(subtractZyx(spatialSize(chunk), low), high)
  if (six.some((value) => value < 0) || size.some((value) => value <= 0))
    throw chunkflowError(
      'chunk-outside',
      `A margin of ${six.join(' ')} leaves nothing of ${describeChunk(chunk)}`,
    )
  const start = addZyx(box.start, low)
  return inferAgain(cutout(chunk, { ...box, start, stop: addZyx(start, size) }))
}

/** 4-D with one channel to 3-D (no copy); a 3-D chunk is returned as it is. */
export function squeezeChannel(chunk: Chunk): Chunk {
  if (rank(chunk) === 3) return chunk
  if (channelCount(chunk) !== 1)
    throw chunkflowError(
      'shape-mismatch',
      `${describeChunk(chunk)} has ${channelCount(chunk)} channels, not one`,
    )
  return inferAgain(withProperties(chunk, { shape: spatialSize(chunk) }))
}

/** A view of one channel as a 3-D chunk (shares memory). */
export function channelOf(chunk: Chunk, channel: number): Chunk {
  const size = spatialSize(chunk)
  const voxels = size[0] * size[1] * size[2]
  const data = (chunk.data as Uint8Array).subarray(channel * voxels, (channel + 1) * voxels) as TypedArray
  return createChunk(data, size, {
    dtype: chunk.dtype,
    voxelOffset: chunk.voxelOffset,
    voxelSize: chunk.voxelSize,
    layerType: chunk.layerType,
  })
}

/** Reverses all axes of the array; unless `onlyArray`, offset and voxel size too. */
export function transposeChunk(chunk: Chunk, onlyArray = false): Chunk {
  const shape = [...chunk.shape].reverse()
  const { array } = DTYPES[chunk.dtype]
  const bytes = chunk.data.BYTES_PER_ELEMENT
  const data = new array(new SharedArrayBuffer(chunk.data.length * bytes))
  const sizes = chunk.shape.length === 4 ? chunk.shape : [1, ...chunk.shape]
  const [c, z, y, x] = sizes as [number, number, number, number]
  const from = chunk.data as Uint8Array
  const to = data as Uint8Array
  let index = 0
  for (let i = 0; i < c; i++)
    for (let j = 0; j < z; j++)
      for (let k = 0; k < y; k++)
        for (let l = 0; l < x; l++) to[((l * y + k) * z + j) * c + i] = from[index++]!
  const reverse = (triple: Zyx): Zyx => zyx(triple[2], triple[1], triple[0])
  return createChunk(data, shape, {
    dtype: chunk.dtype,
    voxelOffset: onlyArray ? chunk.voxelOffset : reverse(chunk.voxelOffset),
    voxelSize: chunk.voxelSize === null || onlyArray ? chunk.voxelSize : reverse(chunk.voxelSize),
  })
}

function requireInside(chunk: Chunk, box: BoundingBox): void {
  if (!boxContains(chunkBox(chunk), box))
    throw chunkflowError('chunk-outside', `Box ${formatBox(box)} is not inside ${describeChunk(chunk)}`, {
      fix: 'boxes are global voxel coordinates z y x; check the offset of the chunk',
    })
}
