import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { allocate, boxFromSize, createChunk, cutout } from '@chunkflow/sdk'
import { serviceFamily } from '@chunkflow/sdk/testing'
import { openFileStorage } from '../../storage-file/src/file-storage.js'
import { rawEncoding } from '../src/encodings/raw.js'
import { createBlockCache } from '../src/volume/block-cache.js'
import { blocksIn } from '../src/volume/blocks.js'
import { createPrecomputedFormat } from '../src/volume/format.js'
import { forEachParallel } from '../src/volume/parallel.js'

interface Bench {
  ratio(
    name: string,
    ours: () => Promise<void>,
    reference: () => Promise<void>,
    options?: { runs?: number; target?: number },
  ): Promise<unknown>
}

const SIZE = [128, 512, 512] as const
const LEVEL = 6
const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip)
const gunzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gunzip)

/** The electron-microscopy sample, mirrored to the size. */
async function image(): Promise<Uint8Array> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const file = new h5wasm.File(
    fileURLToPath(new URL('../../../test/fixtures/fib25/slab.h5', import.meta.url)),
    'r',
  )
  const slab = (file.get('image') as { value: Uint8Array }).value
  file.close()
  const mirrored = (index: number, length: number): number =>
    Math.floor(index / length) % 2 === 0 ? index % length : length - 1 - (index % length)
  const data = allocate('uint8', SIZE[0] * SIZE[1] * SIZE[2]) as Uint8Array
  let index = 0
  for (let z = 0; z < SIZE[0]; z++)
    for (let y = 0; y < SIZE[1]; y++) {
      const row = (mirrored(z, 30) * 250 + mirrored(y, 250)) * 250
      for (let x = 0; x < SIZE[2]; x++) data[index++] = slab[row + mirrored(x, 250)]!
    }
  return data
}

/**
 * Saving to and cutting out of a folder, against node:zlib alone, called in parallel on the same blocks, already cut and in
 * memory: no file is read or written, no voxel copied.
 */
export default async function bench({ ratio }: Bench): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chunkflow-bench-'))
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
    const chunk = createChunk(await image(), SIZE)
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
    rmSync(folder, { recursive: true, force: true })
  }
}
