import {
  type BoundingBox,
  boxContains,
  type Chunk,
  channelCount,
  chunkBox,
  isBigDtype,
  spatialSize,
  subtractZyx,
} from '@chunkflow/kernel/authoring'

/** How many voxels other than 0 a chunk has outside a box (all channels). */
export function countOutside(chunk: Chunk, box: BoundingBox): number {
  const outer = chunkBox(chunk)
  if (boxContains(box, outer)) return 0
  const [sizeZ, sizeY, sizeX] = spatialSize(chunk)
  const low = subtractZyx(box.start, outer.start)
  const high = subtractZyx(box.stop, outer.start)
  const zero = isBigDtype(chunk.dtype) ? 0n : 0
  const data = chunk.data
  let count = 0
  const scan = (start: number, stop: number): void => {
    for (let index = start; index < stop; index++) if (data[index] !== zero) count += 1
  }
  for (let channel = 0; channel < channelCount(chunk); channel++)
    for (let z = 0; z < sizeZ; z++)
      for (let y = 0; y < sizeY; y++) {
        const row = ((channel * sizeZ + z) * sizeY + y) * sizeX
        const covered = z >= low[0] && z < high[0] && y >= low[1] && y < high[1]
        scan(row, row + (covered ? low[2] : sizeX))
        if (covered) scan(row + high[2], row + sizeX)
      }
  return count
}
