/** The reader keeps what READERS promises. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { rampChunk, readerConformance, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import { encodePng } from './png-image.js'
import { pngReader } from './reader.js'

const test = suite('png reader conformance')
const folder = temporaryFolder()
const image = rampChunk([1, 9, 14], { dtype: 'uint8' })
test.before(async () => {
  const bytes = await encodePng(14, 9, image.data as Uint8Array, 1)
  for (const [name, content] of [
    ['image.png', bytes],
    ['short.png', bytes.slice(0, 60)],
    ['empty.png', new Uint8Array()],
    ['text.png', Buffer.from('not a PNG image\n'.repeat(100))],
  ] as const)
    writeFileSync(path.join(folder.path, name), content)
})
test.after(() => folder.remove())

for (const { name, run } of readerConformance(() => pngReader(testFiles(folder.path)), {
  samples: [{ path: 'image.png', chunk: image }],
  damaged: ['short.png', 'empty.png', 'text.png'],
  missing: 'nowhere.png',
}))
  test(name, run)

test.run()
