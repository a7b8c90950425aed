/** The reader keeps what READERS promises. */
import { truncateSync, writeFileSync } from 'node:fs'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, readerConformance } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import { hdf5Reader } from './reader.js'
import { h5Folder } from './testing/h5.js'

const test = suite('hdf5 reader conformance')
const folder = h5Folder()
const reader = hdf5Reader(folder.files, folder.compute, folder.entry)
const image = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
const map = rampChunk([3, 4, 5, 6], { dtype: 'float32', voxelOffset: [1, 2, 3] })
const labels = rampChunk([4, 3, 7], { dtype: 'uint64' })
test.before(async () => {
  await folder.save(image, { fileName: 'image.h5' })
  await folder.save(map, { fileName: 'map.h5' })
  await folder.save(labels, { fileName: 'labels.h5' })
  await folder.save(image, { fileName: 'short.h5' })
  truncateSync(folder.file('short.h5'), 700)
  writeFileSync(folder.file('empty.h5'), '')
  writeFileSync(folder.file('text.h5'), 'not an HDF5 file\n'.repeat(100))
})
test.after(async () => {
  await reader.dispose()
  folder.remove()
})

for (const { name, run } of readerConformance(() => reader, {
  samples: [
    { path: 'image.h5', chunk: image },
    { path: 'map.h5', chunk: map },
    { path: 'labels.h5', chunk: labels, dataset: '/main' },
  ],
  damaged: ['short.h5', 'empty.h5', 'text.h5'],
  missing: 'nowhere.h5',
}))
  test(name, run)

test.run()
