import { createChunk } from '@chunkflow/sdk'
import { hasPython, temporaryFolder } from '@chunkflow/sdk/testing'
import { type Bench, pythonSeconds } from '../../../test/bench/measure.js'
import { mirroredImage } from '../../../test/bench/sample-image.js'
import { lazyCompute } from '../../compute/src/lazy-compute.js'
import { codecWorkers } from '../src/codec-workers.js'
import { createArray } from '../src/create-array.js'
import type { CompressorName } from '../src/new-array.js'
import { openArray } from '../src/open-array.js'
import { readBox } from '../src/read-box.js'
import { folderStore, WORKER } from '../src/testing/zarr-folder.js'
import { writeBox } from '../src/write-box.js'

const SIZE = [128, 512, 512] as const

const READ = `
import json, sys, time, zarr
a = zarr.open(sys.argv[1], mode='r')
a[:]
wall, cpu = time.perf_counter(), time.process_time()
a[:]
print(json.dumps({'cpu': time.process_time() - cpu, 'wall': time.perf_counter() - wall}))`

/** Reading a whole array from a folder, against Zarr in Python, whose blosc uses several threads. */
export default async function bench({ ratio }: Bench): Promise<void> {
  if (!hasPython('zarr', 'numpy')) return
  const folder = temporaryFolder()
  const compute = lazyCompute(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
  const workers = codecWorkers(compute, WORKER)
  try {
    const storage = await folderStore(folder.path).open('bench')
    const image = createChunk(await mirroredImage(SIZE), SIZE)
    const labels = createChunk(
      BigUint64Array.from(image.data as Uint8Array, (value) => BigInt(value >> 5) * 1000003n),
      SIZE,
    )
    for (const [what, chunk, order, compressor, target] of [
      ['uint8 zyx zstd', image, 'zyx', 'zstd', 4.5],
      ['uint8 zyx blosc', image, 'zyx', 'blosc', 10],
      ['uint64 xyz zstd', labels, 'xyz', 'zstd', 3.5],
    ] as const) {
      const path = `${what.replaceAll(' ', '-')}`
      await createArray(storage, path, {
        format: 2,
        dtype: chunk.dtype,
        channels: null,
        shape: SIZE,
        chunkShape: [64, 64, 64],
        shardShape: null,
        order,
        compressor: compressor as CompressorName,
        voxelOffset: [0, 0, 0],
        voxelSizeNm: null,
        layerType: null,
        separator: '.',
      })
      const array = await openArray(storage, { path, driver: 'any', mip: 0 })
      const { box } = array.placement
      await writeBox(array, workers, chunk, { box })
      await ratio(
        `zarr: read / Zarr in Python, 128x512x512 ${what}`,
        async () => void (await readBox(array, workers, { box })),
        () => pythonSeconds(READ, `${folder.path}/bench/${path}`),
        { target },
      )
    }
  } finally {
    await workers.dispose()
    await compute.dispose()
    folder.remove()
  }
}
