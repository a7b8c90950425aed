import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { boxFromSize, createChunk } from '@chunkflow/sdk'
import { serviceFamily, temporaryFolder } from '@chunkflow/sdk/testing'
import type { Bench } from '../../../test/bench/measure.js'
import { openFileStorage } from '../../storage-file/src/file-storage.js'
import { rawEncoding } from '../src/encodings/raw.js'
import { createBlockCache } from '../src/volume/block-cache.js'
import { createPrecomputedFormat } from '../src/volume/format.js'

const MIB = 2 ** 20
const SIZE = [1024, 1024, 1024] as const
const OUTPUT_MIB = 1024
const ALLOWED_MIB = 256

const open = () =>
  createPrecomputedFormat({
    store: { open: async (url: string) => openFileStorage(url), normalize: (url: string) => url },
    encodings: serviceFamily({ raw: rawEncoding() }),
    cache: createBlockCache(),
  })

/** The whole volume in a process of its own. @returns its peak of resident memory, MiB */
export async function cutoutPeak(url: string): Promise<number> {
  const volume = (await open().open(url))!
  await volume.read({ mip: 0, box: boxFromSize([0, 0, 0], SIZE), fillMissing: false })
  return (process.resourceUsage().maxRSS * 1024) / MIB
}

/** What a process that cuts out 1 GiB takes beyond the chunk, Node and all modules included, as a part of what it may. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  try {
    const url = `file://${folder}`
    const volume = await open().create(url, {
      channels: 1,
      dtype: 'uint8',
      layerType: 'image',
      encoding: 'raw',
      voxelSizeNm: [10, 10, 10],
      box: boxFromSize([0, 0, 0], SIZE),
      blockSize: [64, 64, 64],
      factor: [2, 2, 2],
      maximumMip: 0,
    })
    const slab = new Uint8Array(64 * SIZE[1] * SIZE[2]).map((_, index) => (index % 251) + 1)
    for (let z = 0; z < SIZE[0]; z += 64)
      await volume.write(createChunk(slab, [64, SIZE[1], SIZE[2]], { voxelOffset: [z, 0, 0] }), {
        mip: 0,
        compression: { level: 1 },
      })
    const file = fileURLToPath(import.meta.url)
    const code = `const { cutoutPeak } = await import(${JSON.stringify(file)}); console.log(await cutoutPeak(${JSON.stringify(url)}))`
    const beyond = (): { cpu: number; wall: number } => {
      const options = ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', code]
      const peak = Number(execFileSync(process.execPath, options, { encoding: 'utf8' }))
      return { cpu: peak - OUTPUT_MIB, wall: peak - OUTPUT_MIB }
    }
    await ratio(
      `precomputed: memory beyond a cutout of 1 GiB / ${ALLOWED_MIB} MiB`,
      beyond,
      () => ({ cpu: ALLOWED_MIB, wall: ALLOWED_MIB }),
      { runs: 1, target: 1 },
    )
  } finally {
    remove()
  }
}
