/** The reader keeps what READERS promises. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, readerConformance } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import { zarrReader } from './reader.js'
import { WORKER, zarrFolder } from './testing/zarr-folder.js'

const test = suite('zarr reader conformance')
const folder = zarrFolder()
const reader = zarrReader(folder.store, folder.compute, WORKER)
const image = rampChunk(ODD_SHAPE, { dtype: 'uint8', ...ODD_PLACEMENT })
const map = rampChunk([3, 4, 5, 6], { dtype: 'float32', voxelOffset: [1, 2, 3] })
const labels = rampChunk([4, 3, 7], { dtype: 'uint64' })
test.before(async () => {
  const chunkSize = [2, 4, 5]
  await folder.save(image, { store: 'image.zarr', chunkSize, voxelOffset: [7, -3, 11] })
  await folder.save(map, { store: 'map.zarr', chunkSize, voxelOffset: [1, 2, 3], zarrFormat: 3 })
  await folder.save(labels, { store: 'labels.zarr', path: 'volumes/labels', chunkSize, order: 'zyx' })
  mkdirSync(folder.file('empty.zarr'))
  mkdirSync(folder.file('text.zarr'))
  writeFileSync(folder.file('text.zarr/zarr.json'), 'not JSON')
  await folder.save(image, { store: 'short.zarr', chunkSize, voxelOffset: [7, -3, 11] })
  writeFileSync(folder.file('short.zarr/0.0.0'), 'short')
})
test.after(async () => {
  await reader.dispose()
  folder.remove()
})

for (const { name, run } of readerConformance(() => reader, {
  samples: [
    { path: 'image.zarr', chunk: image },
    { path: 'zarr://map.zarr', chunk: map },
    { path: 'labels.zarr', chunk: labels, dataset: 'volumes/labels' },
  ],
  damaged: ['short.zarr', 'empty.zarr', 'text.zarr'],
  missing: 'nowhere.zarr',
}))
  test(name, run)

test.run()
