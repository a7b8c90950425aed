import {
  type BoundingBox,
  boxSize,
  type Chunk,
  chunkflowError,
  copyRegion,
  DTYPES,
  emptyChunk,
  formatBox,
  intersectBoxes,
  productZyx,
  subtractZyx,
  type TypedArray,
} from '@chunkflow/sdk'
import { type Block, blocksIn, countBlocks } from './blocks.js'
import type { ScaleInfo, VolumeInfo } from './info.js'
import { blocksInFlight, bufferPool, forEachParallel } from './parallel.js'
import { blockShape, bytesPerBlock, type ScaleAccess } from './scale-access.js'

/** Blocks fetched at once: what keeps a remote store busy. */
const FETCHES = 32

export interface ReadBoxOptions {
  readonly box: BoundingBox
  /** Missing blocks are 0; otherwise they are an error. */
  readonly fillMissing: boolean
  /** Blocks go through the cache, which may take this much. */
  readonly cacheBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onBlock?: ((done: number, total: number) => void) | undefined
}

/**
 * A box of a scale as a chunk, (z, y, x) for one channel, else (c, z, y, x). Voxels beyond the volume are 0. Blocks are
 * fetched, decoded and placed several at a time; memory besides the chunk is bounded.
 * @throws block-missing, block-corrupt, region-too-large
 */
export async function readBox(access: ScaleAccess, options: ReadBoxOptions): Promise<Chunk> {
  const { info, scale, blocks, encoding, cache } = access
  const { box, fillMissing, cacheBytes = 0, signal, onBlock } = options
  if (cacheBytes > 0) cache.reserve(cacheBytes)
  const chunk = allocateRegion(info, scale, box)
  const bytes = bytesPerBlock(access)
  const pool = bufferPool(bytes)
  const total = countBlocks(scale, box)
  let done = 0

  async function load(
    block: Block,
    takeBuffer: (bytes: number) => SharedArrayBuffer,
  ): Promise<TypedArray | null> {
    const voxels = info.channels * productZyx(boxSize(block.box))
    const expectedBytes = voxels * DTYPES[info.dtype].bytes
    const stored = await blocks.read(block.box, { expectedBytes, signal })
    if (stored === null) return null
    const data = new DTYPES[info.dtype].array(takeBuffer(expectedBytes), 0, voxels)
    try {
      await encoding.decode(stored, blockShape(info, scale, block.box), data)
      return data
    } catch (cause) {
      throw chunkflowError('block-corrupt', `A block cannot be decoded: ${(cause as Error).message}`, {
        where: blocks.where(block.box),
        fix: 'write the block again, or check that the info file belongs to these blocks',
        cause,
      })
    }
  }

  async function place(block: Block): Promise<void> {
    const data =
      cacheBytes > 0
        ? await cache.get(blocks.where(block.box), () => load(block, (size) => new SharedArrayBuffer(size)))
        : await load(block, pool.take)
    if (data === null) {
      if (!fillMissing) throw missing(blocks.where(block.box))
      return
    }
    const common = intersectBoxes(block.box, box)!
    copyRegion(
      { data, shape: [info.channels, ...boxSize(block.box)] },
      subtractZyx(common.start, block.box.start),
      chunk,
      subtractZyx(common.start, box.start),
      boxSize(common),
    )
    if (cacheBytes === 0) pool.give(data.buffer as SharedArrayBuffer)
  }

  await forEachParallel(blocksIn(scale, box), blocksInFlight(FETCHES, bytes), signal, async (block) => {
    await place(block)
    done += 1
    onBlock?.(done, total)
  })
  return chunk
}

/**
 * A chunk of zeros for a region of a scale.
 * @throws region-too-large
 */
export function allocateRegion(info: VolumeInfo, scale: ScaleInfo, box: BoundingBox): Chunk {
  const size = boxSize(box)
  try {
    return emptyChunk(info.dtype, info.channels === 1 ? size : [info.channels, ...size], {
      voxelOffset: box.start,
      voxelSize: scale.voxelSizeNm,
      layerType: info.layerType,
    })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const gigabytes = (info.channels * productZyx(size) * DTYPES[info.dtype].bytes) / 1e9
    throw chunkflowError(
      'region-too-large',
      `Region ${formatBox(box)} of ${info.dtype} takes ${gigabytes.toPrecision(3)} GB, more than this machine allocates at once`,
      { fix: 'cut out a smaller box: --chunk-start with --chunk-size, or tasks from generate-tasks' },
    )
  }
}

const missing = (where: string) =>
  chunkflowError('block-missing', `Block ${where} is not stored`, {
    where,
    fix: 'blocks of zeros are never stored: read with --fill-missing unless the region must be complete',
  })
