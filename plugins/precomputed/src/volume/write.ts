import {
  type BoundingBox,
  boxContains,
  boxSize,
  type Chunk,
  channelCount,
  chunkBox,
  copyRegion,
  DTYPES,
  isBigDtype,
  spatialSize,
  subtractZyx,
  type TypedArray,
  zyx,
} from '@chunkflow/sdk'
import { type Block, blocksIn, countBlocks } from './blocks.js'
import { blocksInFlight, bufferPool, forEachParallel } from './parallel.js'
import { blockShape, bytesPerBlock, type ScaleAccess } from './scale-access.js'

/** Blocks in flight unless asked otherwise: compression fills the thread pool while others are being sent. */
export const BLOCKS_IN_FLIGHT = 16

export interface WriteBoxOptions {
  /** Aligned region inside the volume and inside the chunk. */
  readonly box: BoundingBox
  readonly parallel?: number | undefined
  /** Turns the voxels of a block into the volume's element type. */
  readonly convert?: ((voxels: TypedArray) => TypedArray) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onBlock?: ((done: number, total: number) => void) | undefined
}

/**
 * Writes a region of a chunk, several blocks at a time. Blocks without a non-zero voxel are deleted instead. Each block is
 * one whole write of the storage, so an interrupted run leaves old blocks or new ones, never a part of one.
 */
export async function writeBox(
  access: ScaleAccess,
  chunk: Chunk,
  options: WriteBoxOptions,
): Promise<{ written: number; deleted: number }> {
  const { info, scale, blocks, encoding, cache } = access
  const { box, convert, signal, onBlock } = options
  const { array, bytes } = DTYPES[chunk.dtype]
  const channels = channelCount(chunk)
  const bytesOfBlock = Math.max(
    bytesPerBlock(access),
    channels * scale.blockSize.reduce((a, b) => a * b, bytes),
  )
  const pool = bufferPool(bytesOfBlock)
  const total = countBlocks(scale, box)
  let written = 0
  let deleted = 0

  async function store(block: Block): Promise<void> {
    const buffer = pool.take()
    const size = boxSize(block.box)
    const shape = [channels, ...size]
    const voxels = new array(buffer, 0, channels * size[0] * size[1] * size[2])
    copyRegion(
      chunk,
      subtractZyx(block.box.start, chunk.voxelOffset),
      { data: voxels, shape },
      zyx(0, 0, 0),
      size,
    )
    const values = convert === undefined ? voxels : convert(voxels)
    if (isAllZero(values)) {
      await blocks.delete(block.box)
      deleted += 1
    } else {
      await blocks.write(block.box, await encoding.encode(values, blockShape(info, scale, block.box)))
      written += 1
    }
    cache.forget(blocks.where(block.box))
    pool.give(buffer)
    onBlock?.(written + deleted, total)
  }

  const limit = blocksInFlight(options.parallel ?? BLOCKS_IN_FLIGHT, bytesOfBlock)
  await forEachParallel(blocksIn(scale, box), limit, signal, store)
  return { written, deleted }
}

/** True when every bit is 0. The view begins on a multiple of 4 bytes. */
export function isAllZero(view: ArrayBufferView): boolean {
  const words = new Uint32Array(view.buffer, view.byteOffset, view.byteLength >>> 2)
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false
  const tail = new Uint8Array(view.buffer, view.byteOffset + words.byteLength, view.byteLength & 3)
  return tail.every((byte) => byte === 0)
}

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
