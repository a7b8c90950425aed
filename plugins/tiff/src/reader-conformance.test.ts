/** The reader keeps what READERS promises. */
import { truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Chunk } from '@chunkflow/sdk'
import {
  ODD_SHAPE,
  rampChunk,
  readerConformance,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import saveTif from './operators/save-tif.js'
import { tiffReader } from './reader.js'

const test = suite('tiff reader conformance')
const folder = temporaryFolder()
const files = testFiles(folder.path)
const image = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
const map = rampChunk([4, 5, 6], { dtype: 'float32' })
const save = (chunk: Chunk, fileName: string) =>
  runOperator(saveTif, { options: { fileName }, variables: { chunk }, services: { files } })
test.before(async () => {
  await save(image, 'image.tif')
  await save(map, 'map.tiff')
  await save(image, 'short.tif')
  truncateSync(path.join(folder.path, 'short.tif'), 400)
  writeFileSync(path.join(folder.path, 'empty.tif'), '')
  writeFileSync(path.join(folder.path, 'text.tif'), 'not a TIFF file\n'.repeat(100))
})
test.after(() => folder.remove())

for (const { name, run } of readerConformance(() => tiffReader(files), {
  samples: [
    { path: 'image.tif', chunk: image },
    { path: 'map.tiff', chunk: map },
  ],
  damaged: ['short.tif', 'empty.tif', 'text.tif'],
  missing: 'nowhere.tif',
}))
  test(name, run)

test.run()
