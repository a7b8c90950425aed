import { type BoundingBox, boxSize, productZyx, type Volume, type Zyx } from '@chunkflow/sdk'
import type { BlockCache } from './block-cache.js'
import { fillFromBlocks } from './cached-blocks.js'
import { type LevelSource, newVoxels } from './level-source.js'

/** A volume's own scales, read block by block; missing blocks are zeros. */
export function volumeLevels(
  volume: Volume,
  { name, cache, voxelSizeNm }: { name: string; cache: BlockCache; voxelSizeNm?: Zyx | undefined },
): LevelSource {
  const { channels, dtype, scales } = volume.description
  const [finest] = scales
  /** The given size for the finest scale, others in proportion. */
  const sizeOf = (own: Zyx): Zyx =>
    voxelSizeNm === undefined
      ? own
      : (own.map((size, axis) => (size / finest!.voxelSizeNm[axis]!) * voxelSizeNm[axis]!) as unknown as Zyx)
  return {
    channels,
    dtype,
    blockSize: finest!.blockSize,
    levels: scales.map((scale) => ({ box: scale.box, voxelSizeNm: sizeOf(scale.voxelSizeNm) })),
    async read(level, box, data = newVoxels(dtype, channels * productZyx(boxSize(box)))) {
      const { mip, box: whole, blockSize } = scales[level]!
      const blocks = {
        name: `${name}/${level}`,
        channels,
        grid: { box: whole, blockSize, origin: whole.start },
        make: async (block: BoundingBox) => (await volume.read({ mip, box: block, fillMissing: true })).data,
      }
      const into = { data, shape: [channels, ...boxSize(box)], start: box.start }
      await fillFromBlocks(blocks, box, into, cache)
      return data
    },
  }
}
