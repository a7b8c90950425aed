import { allocate, type Chunk, type KernelCall, spatialSize, withProperties } from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import base64 from './clahe.wasm.js'
import { runCalls } from './run-calls.js'

/** Tiles of a section. */
export interface TileGrid {
  readonly tilesY: number
  readonly tilesX: number
  /** Voxels of a tile. Tiles that reach beyond the section are filled with its mirror image. */
  readonly tileHeight: number
  readonly tileWidth: number
}

/**
 * So many tiles over a section. When it cannot be divided into them it is made larger along both axes until it can, by at
 * least one row and column, as OpenCV does.
 */
export function tileGrid(height: number, width: number, tilesY: number, tilesX: number): TileGrid {
  const fits = height % tilesY === 0 && width % tilesX === 0
  const extended = (size: number, tiles: number): number => (fits ? size : size + tiles - (size % tiles))
  return {
    tilesY,
    tilesX,
    tileHeight: extended(height, tilesY) / tilesY,
    tileWidth: extended(width, tilesX) / tilesX,
  }
}

/** How often a value may occur in a tile; 0 for no limit. @param clipLimit in average counts of a value */
export function countLimit({ tileHeight, tileWidth }: TileGrid, clipLimit: number): number {
  return clipLimit > 0 ? Math.max(1, Math.floor((clipLimit * tileHeight * tileWidth) / 256)) : 0
}

/**
 * Contrast limited adaptive histogram equalisation (K. Zuiderveld, Graphics Gems IV, 1994) of every section by itself: the
 * result of OpenCV's `CLAHE`.
 * @param chunk uint8, z y x
 * @returns a new chunk with the same properties
 */
export async function equalizeSections(
  chunk: Chunk,
  grid: TileGrid,
  clipLimit: number,
  services: ComputeServices,
): Promise<Chunk> {
  const output = withProperties(chunk, { data: allocate('uint8', chunk.data.length) })
  const [depth, height, width] = spatialSize(chunk)
  const plane = height * width
  const { tilesY, tilesX, tileHeight, tileWidth } = grid
  const scratch = 4 * tilesX * tileWidth + 16 * width + 1024 + 512 * tilesX
  function* calls(): Generator<KernelCall> {
    for (let section = 0; plane > 0 && section < depth; section++) {
      const [from, to] = [section * plane, (section + 1) * plane]
      yield {
        export: 'clahe',
        args: [
          { in: chunk.data.subarray(from, to) },
          { out: output.data.subarray(from, to) },
          ...[height, width, tilesY, tilesX, tileHeight, tileWidth, countLimit(grid, clipLimit)],
          { scratch },
        ],
      }
    }
  }
  await runCalls({ name: 'clahe', base64 }, calls(), services)
  return output
}
