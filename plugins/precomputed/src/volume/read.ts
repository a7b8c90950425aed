import {
  type BoundingBox,
  boxSize,
  type Chunk,
  chunkflowError,
  copyRegion,
  DTYPES,
  emptyChunk,
  forEachParallel,
  formatBox,
  intersectBoxes,
  productZyx,
  subtractZyx,
  type TypedArray,
} from '@chunkflow/sdk'
import { type Block, blocksIn, countBlocks } from './blocks.js'
import { decodeBlock } from './decode-block.js'
import type { ScaleInfo, VolumeInfo } from './info.js'
import { blocksInFlight, bufferPool } from './parallel.js'
import { blockShape, bytesPerBlock, layoutFor, type ScaleAccess } from './scale-access.js'

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
  const { info, scale, encoding, cache } = access
  const { box, fillMissing, cacheBytes = 0, signal, onBlock } = options
  if (cacheBytes > 0) cache.reserve(cacheBytes)
  const chunk = allocateRegion(info, scale, box)
  const layout = layoutFor(access, box)
  const { blocks } = layout
  const bytes = bytesPerBlock(info, layout)
  const pool = bufferPool(bytes)
  const total = countBlocks(layout, box)
  let done = 0

  async function load(block: Block, takeBuffer?: () => SharedArrayBuffer): Promise<TypedArray | null> {
    const expectedBytes = info.channels * productZyx(boxSize(block.box)) * DTYPES[info.dtype].bytes
    const stored = await blocks.read(block, { expectedBytes, signal })
    if (stored === null) return null
    const seen = encoding.view?.(stored, blockShape(info, scale, block.box))
    return seen ?? decodeBlock(access, block, stored, blocks.where(block), takeBuffer)
  }

  async function place(block: Block): Promise<void> {
    const isKept = cacheBytes > 0
    const where = blocks.where(block)
    const data = isKept ? await cache.get(where, () => load(block)) : await load(block, pool.take)
    if (data === null) {
      if (!fillMissing) throw missing(where)
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
    if (!isKept) pool.give(data.buffer)
  }

  await forEachParallel(blocksIn(layout, box), blocksInFlight(FETCHES, bytes), signal, async (block) => {
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
