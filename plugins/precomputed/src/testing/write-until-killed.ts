/** Child of the test that kills a writer: fills all blocks of a volume with 1, then with 2, and so on, until it is killed. */
import { createChunk } from '@chunkflow/sdk'
import { serviceFamily } from '@chunkflow/sdk/testing'
import { openFileStorage } from '../../../storage-file/src/file-storage.js'
import { rawEncoding } from '../encodings/raw.js'
import { createBlockCache } from '../volume/block-cache.js'
import { createPrecomputedFormat } from '../volume/format.js'

const url = process.argv[2]!
const store = { open: async () => openFileStorage(url), normalize: (path: string) => path }
const encodings = serviceFamily({ raw: rawEncoding() })
const format = createPrecomputedFormat({ store, encodings, cache: createBlockCache() })
const volume = (await format.open(url))!
const { start } = volume.description.scales[0]!.box
for (let value = 1; ; value++) {
  const chunk = createChunk(new Uint8Array(40 * 100 * 100).fill((value % 255) + 1), [40, 100, 100], {
    voxelOffset: start,
  })
  await volume.write(chunk, { mip: 0, compression: { level: 1 } })
  if (value === 2) console.log('writing')
}
