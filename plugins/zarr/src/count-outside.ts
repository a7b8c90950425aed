import {
  type BoundingBox,
  boxContains,
  type Chunk,
  channelCount,
  chunkBox,
  isBigDtype,
  spatialSize,
  subtractZyx,
} from '@chunkflow/sdk'

/** How many voxels other than 0 a chunk has outside a box, in all channels. */
export function countOutside(chunk: Chunk, box: BoundingBox): number {
  const outer = chunkBox(chunk)
  if (boxContains(box, outer)) return 0
  const [sizeZ, sizeY, sizeX] = spatialSize(chunk)
  const [first, last] = [subtractZyx(box.start, outer.start), subtractZyx(box.stop, outer.start)]
  const zero = isBigDtype(chunk.dtype) ? 0n : 0
  const { data } = chunk
  let count = 0
  for (let row = 0; row < channelCount(chunk) * sizeZ * sizeY; row++) {
    const y = row % sizeY
    const z = Math.floor(row / sizeY) % sizeZ
    const isCrossed = z >= first[0] && z < last[0] && y >= first[1] && y < last[1]
    for (let x = 0; x < sizeX; x++) {
      if (isCrossed && x >= first[2] && x < last[2]) x = last[2]
      if (x < sizeX && data[row * sizeX + x] !== zero) count += 1
    }
  }
  return count
}
