/** The reader keeps what READERS promises. */
import { truncateSync, writeFileSync } from 'node:fs'
import { ODD_SHAPE, rampChunk, readerConformance } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import { npyReader } from './reader.js'
import { npyFolder } from './testing/npy.js'

const test = suite('npy reader conformance')
const folder = npyFolder()
const image = rampChunk(ODD_SHAPE, { dtype: 'uint8' })
const map = rampChunk([3, 4, 5, 6], { dtype: 'float32' })
const labels = rampChunk([4, 3, 7], { dtype: 'uint64' })
test.before(async () => {
  await folder.save(image, { fileName: 'image.npy' })
  await folder.save(map, { fileName: 'map.npy' })
  await folder.save(labels, { fileName: 'labels.npy' })
  await folder.save(image, { fileName: 'short.npy' })
  truncateSync(folder.file('short.npy'), 300)
  writeFileSync(folder.file('empty.npy'), '')
  writeFileSync(folder.file('text.npy'), 'not a NumPy file\n'.repeat(100))
})
test.after(() => folder.remove())

for (const { name, run } of readerConformance(() => npyReader(folder.files), {
  samples: [
    { path: 'image.npy', chunk: image },
    { path: 'map.npy', chunk: map },
    { path: 'labels.npy', chunk: labels },
  ],
  damaged: ['short.npy', 'empty.npy', 'text.npy'],
  missing: 'nowhere.npy',
}))
  test(name, run)

test.run()
