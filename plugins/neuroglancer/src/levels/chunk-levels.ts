import {
  type BoundingBox,
  boundingBox,
  boxSize,
  type Chunk,
  channelCount,
  chunkBox,
  copyRegion,
  createChunk,
  intersectBoxes,
  minimumZyx,
  multiplyZyx,
  productZyx,
  rank,
  subtractZyx,
  type TypedArray,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, type DownsampleKind, downsampleChunk } from '@chunkflow/sdk/numerics'
import type { BlockCache } from './block-cache.js'
import { coarserBox, fillFromBlocks, type Region } from './cached-blocks.js'
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
  const source = rank(chunk) === 4 ? chunk : { ...chunk, shape: [1, ...chunk.shape] }

  async function fill(level: number, box: BoundingBox, into: Region): Promise<void> {
    if (level === 0) {
      const from = subtractZyx(box.start, chunk.voxelOffset)
      copyRegion(source, from, into, subtractZyx(box.start, into.start), boxSize(box))
      return
    }
    const grid = {
      name: `${name}/${level}`,
      channels,
      box: levels[level]!.box,
      blockSize,
      origin: zyx(0, 0, 0),
      make: (block: BoundingBox) => coarsen(level, block),
    }
    await fillFromBlocks(grid, box, into, cache)
  }

  function coarsen(level: number, block: BoundingBox): Promise<TypedArray> {
    const { factor } = levels[level]!
    const below = boundingBox(multiplyZyx(block.start, factor), multiplyZyx(block.stop, factor))
    const finer = intersectBoxes(below, levels[level - 1]!.box)!
    // what a voxel covers beyond the low faces repeats the face; beyond the high ones the numerics know how
    const box = boundingBox(minimumZyx(below.start, finer.start), finer.stop)
    const shape = [channels, ...boxSize(box)]
    return scratch.use(dtype, channels * productZyx(boxSize(box)), async (data) => {
      const region = { data, shape, start: box.start }
      await fill(level - 1, finer, region)
      repeatLowFaces(region, subtractZyx(finer.start, box.start), boxSize(box))
      // layer type "unknown": nobody should scan the voxels to infer one
      const part = createChunk(data, shape, { dtype, layerType: 'unknown' })
      return (await downsampleChunk(part, factor, services, kind)).data
    })
  }

  return {
    channels,
    dtype,
    levels,
    blockSize,
    async read(level, box) {
      const data = newVoxels(dtype, channels * productZyx(boxSize(box)))
      await fill(level, box, { data, shape: [channels, ...boxSize(box)], start: box.start })
      return data
    },
  }
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
