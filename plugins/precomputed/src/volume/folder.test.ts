import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { boxFromSize, chunkBox } from '@chunkflow/sdk'
import { inlineCompute, randomChunk, serviceFamily, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openFileStorage } from '../../../storage-file/src/file-storage.js'
import { compressedSegmentation } from '../encodings/compressed-segmentation.js'
import { rawEncoding } from '../encodings/raw.js'
import { createBlockCache } from './block-cache.js'
import { createPrecomputedFormat } from './format.js'

const test = suite('precomputed volume in a folder')
const folder = temporaryFolder()
test.after(() => folder.remove())

const root = `file://${folder.path}`
const store = { open: async (url: string) => openFileStorage(url), normalize: (url: string) => url }
const encodings = serviceFamily({
  raw: rawEncoding(),
  compressed_segmentation: compressedSegmentation(inlineCompute()),
})
const format = createPrecomputedFormat({ store, encodings, cache: createBlockCache() })
const described = {
  channels: 1,
  dtype: 'uint8',
  layerType: 'image',
  encoding: 'raw',
  voxelSizeNm: [40, 8, 4],
  box: boxFromSize([-7, 30, 11], [40, 100, 100]),
  blockSize: [16, 32, 32],
  factor: [1, 2, 2],
  maximumMip: 0,
} as const

test('round trips at negative offsets with ragged ends, as gzip files', async () => {
  for (const [encoding, dtype] of [
    ['raw', 'float32'],
    ['raw', 'uint64'],
    ['compressed_segmentation', 'uint64'],
    ['compressed_segmentation', 'uint32'],
  ] as const) {
    const url = `${root}/${encoding}/${dtype}`
    const volume = await format.create(url, {
      ...described,
      encoding,
      dtype,
      layerType: 'segmentation',
      channels: 2,
    })
    const chunk = randomChunk([2, 40, 100, 100], { dtype, voxelOffset: [-7, 30, 11], voxelSize: [40, 8, 4] })
    if (dtype === 'uint64')
      (chunk.data as BigUint64Array).set([(1n << 64n) - 1n, 1n << 53n, (1n << 53n) + 1n], 77)
    const { blocksWritten } = await volume.write(chunk, { mip: 0 })
    assert.is(blocksWritten, 3 * 4 * 4)
    const names = readdirSync(path.join(folder.path, encoding, dtype, '4_8_40'))
    assert.is(names.length, 48)
    assert.ok(names.includes('107-111_126-130_25-33.gz'), names.join())
    const read = await (await format.open(url))!.read({ mip: 0, box: chunkBox(chunk), fillMissing: false })
    assert.equal(read.data, chunk.data)
  }
})

test('a writer that is killed leaves whole blocks only', async () => {
  const url = `${root}/killed`
  await format.create(url, described)
  const script = fileURLToPath(new URL('../testing/write-until-killed.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', script, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout!, 'data')
  await new Promise((resolve) => setTimeout(resolve, 40))
  child.kill('SIGKILL')
  await once(child, 'close')
  const blocks = readdirSync(path.join(folder.path, 'killed/4_8_40')).filter((name) => !name.startsWith('.'))
  assert.is(blocks.length, 48)
  for (const name of blocks) {
    const voxels = gunzipSync(readFileSync(path.join(folder.path, 'killed/4_8_40', name)))
    assert.ok(voxels.length > 0 && voxels.every((value) => value === voxels[0]), name)
  }
  const volume = (await format.open(url))!
  const read = await volume.read({ mip: 0, box: described.box, fillMissing: false })
  assert.is((read.data as Uint8Array).includes(0), false)
})

test.run()
