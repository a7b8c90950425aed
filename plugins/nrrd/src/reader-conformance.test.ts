/** The reader keeps what READERS promises. */
import { truncateSync, writeFileSync } from 'node:fs'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, readerConformance } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import { nrrdReader } from './reader.js'
import { nrrdFolder } from './testing/nrrd.js'

const test = suite('nrrd reader conformance')
const folder = nrrdFolder()
const image = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
const map = rampChunk([3, 4, 5, 6], { dtype: 'float32' })
const labels = rampChunk([4, 3, 7], { dtype: 'uint64', ...ODD_PLACEMENT })
test.before(async () => {
  await folder.save(image, { fileName: 'raw.nrrd', encoding: 'raw' })
  await folder.save(image, { fileName: 'gzip.nrrd' })
  await folder.save(map, { fileName: 'map.nrrd', axisOrder: 'zyx' })
  await folder.save(labels, { fileName: 'labels.nrrd', axisOrder: 'zyx', encoding: 'raw' })
  for (const [name, encoding] of [
    ['short-raw.nrrd', 'raw'],
    ['short-gzip.nrrd', 'gzip'],
  ]) {
    await folder.save(image, { fileName: name, encoding })
    truncateSync(folder.file(name!), 400)
  }
  writeFileSync(folder.file('empty.nrrd'), '')
  writeFileSync(folder.file('text.nhdr'), 'not an NRRD file\n'.repeat(100))
})
test.after(() => folder.remove())

for (const { name, run } of readerConformance(() => nrrdReader(folder.files), {
  samples: [
    { path: 'raw.nrrd', chunk: image },
    { path: 'gzip.nrrd', chunk: image },
    { path: 'map.nrrd', chunk: map },
    { path: 'labels.nrrd', chunk: labels },
  ],
  damaged: ['short-raw.nrrd', 'short-gzip.nrrd', 'empty.nrrd', 'text.nhdr'],
  missing: 'nowhere.nrrd',
}))
  test(name, run)

test.run()
