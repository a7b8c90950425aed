/** The reader keeps what READERS promises. */
import { truncateSync, writeFileSync } from 'node:fs'
import { ODD_SHAPE, rampChunk, readerConformance } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import { mrcReader } from './reader.js'
import { mrcFolder } from './testing/mrc.js'

const test = suite('mrc reader conformance')
const folder = mrcFolder()
const voxelSize = [40, 8, 4] as const
const image = rampChunk(ODD_SHAPE, { dtype: 'uint8', voxelSize })
const map = rampChunk([3, 4, 5, 6], { dtype: 'float32' })
const labels = rampChunk([4, 3, 7], { dtype: 'uint16', voxelSize })
test.before(async () => {
  await folder.save(image, { fileName: 'image.mrc' })
  await folder.save(map, { fileName: 'map.mrc' })
  await folder.save(labels, { fileName: 'labels.rec' })
  await folder.save(image, { fileName: 'short.mrc' })
  truncateSync(folder.file('short.mrc'), 1100)
  writeFileSync(folder.file('empty.mrc'), '')
  writeFileSync(folder.file('text.mrc'), 'not an MRC file\n'.repeat(100))
})
test.after(() => folder.remove())

for (const { name, run } of readerConformance(() => mrcReader(folder.files), {
  samples: [
    { path: 'image.mrc', chunk: image },
    { path: 'map.mrc', chunk: map },
    { path: 'labels.rec', chunk: labels },
  ],
  damaged: ['short.mrc', 'empty.mrc', 'text.mrc'],
  missing: 'nowhere.mrc',
}))
  test(name, run)

test.run()
