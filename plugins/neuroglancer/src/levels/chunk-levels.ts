import {
  type BoundingBox,
  boundingBox,
  boxSize,
  bytesPerElement,
  type Chunk,
  channelCount,
  chunkBox,
  copyRegion,
  createChunk,
  type Dtype,
  intersectBoxes,
  minimumZyx,
  multiplyZyx,
  productZyx,
  spatialSize,
  subtractZyx,
  type TypedArray,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, type DownsampleKind, downsampleChunk } from '@chunkflow/sdk/numerics'
import type { BlockCache } from './block-cache.js'
import {
  type BlockGrid,
  blocksOf,
  cachedBlock,
  coarserBox,
  copyBox,
  fillFromBlocks,
  type MadeBlocks,
  type Region,
} from './cached-blocks.js'
import { blockSizeFor, type Level, type LevelSource, newVoxels } from './level-source.js'
import type { Scratch } from './scratch.js'

export interface ChunkLevelsSettings {
  /** Unique among what shares the cache. */
  readonly name: string
  readonly voxelSizeNm: Zyx
  readonly kind: DownsampleKind
  readonly cache: BlockCache
  readonly scratch: Scratch
  readonly services: ComputeServices
}

interface ChunkLevel extends Level {
  /** From the level before. */
  readonly factor: Zyx
}

/**
 * A chunk in memory and its coarser levels. Nothing is made beforehand: a block of a coarser level is made from the
 * finer voxels below it when it is asked for, and kept in the cache. Voxels of all levels are counted from the global
 * origin, so that levels of a chunk with an odd offset lie exactly over each other.
 */
export function chunkLevels(chunk: Chunk, settings: ChunkLevelsSettings): LevelSource {
  const { name, kind, cache, scratch, services } = settings
  const channels = channelCount(chunk)
  const { dtype } = chunk
  const blockSize = blockSizeFor(channels, dtype)
  const levels = levelsOf(chunk, settings.voxelSizeNm, blockSize)
  const finest: Region = {
    data: chunk.data,
    shape: [channels, ...spatialSize(chunk)],
    start: chunk.voxelOffset,
  }
  const gridOf = (level: number): BlockGrid => ({ box: levels[level]!.box, blockSize, origin: zyx(0, 0, 0) })
  const blocksAt = (level: number): MadeBlocks => ({
    name: `${name}/${level}`,
    channels,
    grid: gridOf(level),
    make: (block) => coarsen(level, block),
  })

  /** Makes a block part by part from the finer voxels below it, so that little is held at once. */
  async function coarsen(level: number, block: BoundingBox): Promise<TypedArray> {
    const { factor } = levels[level]!
    const size = boxSize(block)
    const data = newVoxels(dtype, channels * productZyx(size))
    const into = { data, shape: [channels, ...size], start: block.start }
    const below = boundingBox(multiplyZyx(block.start, factor), multiplyZyx(block.stop, factor))
    for (const part of partsOf(level - 1, below))
      await coarsenInto(into, await voxelsOf(level - 1, part), part, factor)
    return data
  }

  /** Divides a box of a level, less what lies outside the level. */
  function* partsOf(level: number, box: BoundingBox): Generator<BoundingBox> {
    // blocks of all levels have one size, which factors divide: what lies below a block is whole blocks
    if (level > 0) yield* blocksOf(gridOf(level), box)
    else {
      const inside = intersectBoxes(box, levels[0]!.box)!
      // whole sections of the chunk: long rows are copied faster
      const sections = { box: inside, blockSize: sectionsOf(box, channels, dtype), origin: box.start }
      yield* blocksOf(sections, inside)
    }
  }

  const voxelsOf = async (level: number, part: BoundingBox): Promise<Region> =>
    level === 0 ? finest : cachedBlock(blocksAt(level), part, cache)

  async function coarsenInto(into: Region, from: Region, finer: BoundingBox, factor: Zyx): Promise<void> {
    const coarser = coarserBox(finer, factor)
    // what a voxel covers beyond the low faces repeats the face; beyond the high ones the numerics know how
    const box = boundingBox(minimumZyx(multiplyZyx(coarser.start, factor), finer.start), finer.stop)
    const shape = [channels, ...boxSize(box)]
    await scratch.use(dtype, channels * productZyx(boxSize(box)), async (data) => {
      const region = { data, shape, start: box.start }
      copyBox(from, region, finer)
      repeatLowFaces(region, subtractZyx(finer.start, box.start), boxSize(box))
      // layer type "unknown": nobody should scan the voxels to infer one
      const part = createChunk(data, shape, { dtype, layerType: 'unknown' })
      await scratch.use(dtype, channels * productZyx(boxSize(coarser)), async (result) => {
        await downsampleChunk(part, factor, services, kind, () => result)
        copyBox({ data: result, shape: [channels, ...boxSize(coarser)], start: coarser.start }, into, coarser)
      })
    })
  }

  return {
    channels,
    dtype,
    levels,
    blockSize,
    async read(level, box, data = newVoxels(dtype, channels * productZyx(boxSize(box)))) {
      const into = { data, shape: [channels, ...boxSize(box)], start: box.start }
      if (level === 0) copyBox(finest, into, box)
      else await fillFromBlocks(blocksAt(level), box, into, cache)
      return data
    },
  }
}

/** How much is made coarser at once; a call of a worker costs little beside it. */
const PART_BYTES = 2 ** 21

/** Size of parts of a box: an even number of its sections. */
function sectionsOf(box: BoundingBox, channels: number, dtype: Dtype): Zyx {
  const [, y, x] = boxSize(box)
  const pairs = Math.floor(PART_BYTES / (2 * channels * y * x * bytesPerElement(dtype)))
  return zyx(2 * Math.max(1, pairs), y, x)
}

/** Axis after axis: rows that were repeated along x are repeated along y, and so on. */
function repeatLowFaces(region: Region, margin: Zyx, size: Zyx): void {
  for (const axis of [2, 1, 0]) {
    const at = (place: number): Zyx => withAxis(zyx(0, 0, 0), axis, place)
    for (let step = 0; step < margin[axis]!; step++)
      copyRegion(region, at(margin[axis]!), region, at(step), withAxis(size, axis, 1))
  }
}

const withAxis = (triple: Zyx, axis: number, value: number): Zyx =>
  triple.map((each, index) => (index === axis ? value : each)) as unknown as Zyx

/**
 * Levels until everything fits into one block. The axes with the finest voxels are halved first, so that voxels of
 * coarse levels are about cubes; an axis of one voxel is not halved.
 */
function levelsOf(chunk: Chunk, voxelSizeNm: Zyx, blockSize: Zyx): ChunkLevel[] {
  const levels: ChunkLevel[] = [{ box: chunkBox(chunk), voxelSizeNm, factor: zyx(1, 1, 1) }]
  while (true) {
    const { box, voxelSizeNm: size } = levels.at(-1)!
    const extent = boxSize(box)
    if (extent.every((value, axis) => value <= blockSize[axis]!)) return levels
    const finest = Math.min(...size.filter((_, axis) => extent[axis]! > 1))
    const factor = extent.map((value, axis) =>
      value > 1 && size[axis]! < 2 * finest ? 2 : 1,
    ) as unknown as Zyx
    levels.push({ box: coarserBox(box, factor), voxelSizeNm: multiplyZyx(size, factor), factor })
  }
}
