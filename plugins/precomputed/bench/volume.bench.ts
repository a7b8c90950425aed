import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { boxFromSize, createChunk, cutout, forEachParallel } from '@chunkflow/sdk'
import { serviceFamily, temporaryFolder } from '@chunkflow/sdk/testing'
import type { Bench } from '../../../test/bench/measure.js'
import { mirroredImage } from '../../../test/bench/sample-image.js'
import { openFileStorage } from '../../storage-file/src/file-storage.js'
import { rawEncoding } from '../src/encodings/raw.js'
import { createBlockCache } from '../src/volume/block-cache.js'
import { blocksIn } from '../src/volume/blocks.js'
import { createPrecomputedFormat } from '../src/volume/format.js'

const SIZE = [128, 512, 512] as const
const LEVEL = 6
const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip)
const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip)

/**
 * Saving to and cutting out of a folder, against node:zlib alone, called in parallel on the same blocks, already cut and in
 * memory: no file is read or written, no voxel copied.
 */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  try {
    const store = { open: async (url: string) => openFileStorage(url), normalize: (url: string) => url }
    const format = createPrecomputedFormat({
      store,
      encodings: serviceFamily({ raw: rawEncoding() }),
      cache: createBlockCache(),
    })
    const box = boxFromSize([0, 0, 0], SIZE)
    const volume = await format.create(`file://${folder}`, {
      channels: 1,
      dtype: 'uint8',
      layerType: 'image',
      encoding: 'raw',
      voxelSizeNm: [10, 10, 10],
      box,
      blockSize: [64, 64, 64],
      factor: [2, 2, 2],
      maximumMip: 0,
    })
    const chunk = createChunk(await mirroredImage(SIZE), SIZE)
    const grid = { box, blockSize: [64, 64, 64] as const }
    const blocks = [...blocksIn(grid, box)].map((block) => cutout(chunk, block.box).data as Uint8Array)
    const packed = await Promise.all(blocks.map((block) => gzip(block, { level: LEVEL })))
    await ratio(
      `precomputed: save / node:zlib, ${blocks.length} blocks of 64x64x64 uint8`,
      async () => void (await volume.write(chunk, { mip: 0, compression: { level: LEVEL } })),
      () =>
        forEachParallel(blocks, 16, undefined, async (block) => void (await gzip(block, { level: LEVEL }))),
      { target: 1.15 },
    )
    await ratio(
      `precomputed: cutout / node:zlib, ${blocks.length} blocks of 64x64x64 uint8`,
      async () => void (await volume.read({ mip: 0, box, fillMissing: false })),
      () => forEachParallel(packed, 32, undefined, async (bytes) => void (await gunzip(bytes, {}))),
      { target: 1.4 },
    )
  } finally {
    remove()
  }
}
