/** Child of the test that kills a writer: fills an array with 1, then with 2, and so on, until it is killed. */
import { createChunk } from '@chunkflow/sdk'
import { inlineCompute } from '@chunkflow/sdk/testing'
import { codecWorkers } from '../codec-workers.js'
import { openArray } from '../open-array.js'
import { writeBox } from '../write-box.js'
import { folderStore, WORKER } from './zarr-folder.js'

const folder = process.argv[2]!
const storage = await folderStore('/').open(folder)
const array = await openArray(storage, { driver: 'any', mip: 0 })
const workers = codecWorkers(inlineCompute(), WORKER)
// off by one voxel: chunks at the start are changed, others replaced
for (let value = 1; ; value++) {
  const chunk = createChunk(new Uint8Array(39 * 99 * 99).fill((value % 255) + 1), [39, 99, 99], {
    voxelOffset: [1, 1, 1],
  })
  await writeBox(array, workers, chunk, { box: { start: [1, 1, 1], stop: [40, 100, 100] } as never })
  if (value === 2) console.log('writing')
}
