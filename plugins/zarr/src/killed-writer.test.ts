import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { boxFromSize, cutout, emptyChunk, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { zarrFolder } from './testing/zarr-folder.js'

const test = suite('killed writer')
const folder = zarrFolder()
test.after(() => folder.remove())

test('leaves whole chunks, old ones or new ones', async () => {
  await folder.save(emptyChunk('uint8', [40, 100, 100]), { store: 'killed.zarr', chunkSize: [16, 32, 32] })
  const script = fileURLToPath(new URL('./testing/write-until-killed.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', script, folder.file('killed.zarr')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout!, 'data')
  await new Promise((resolve) => setTimeout(resolve, 40))
  child.kill('SIGKILL')
  await once(child, 'close')
  const chunk = await folder.read({ store: 'killed.zarr' })
  for (let z = 0; z < 40; z += 16)
    for (let y = 0; y < 100; y += 32)
      for (let x = 0; x < 100; x += 32) {
        const start = zyx(Math.max(z, 1), Math.max(y, 1), Math.max(x, 1))
        const stop = zyx(Math.min(z + 16, 40), Math.min(y + 32, 100), Math.min(x + 32, 100))
        const size = zyx(stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
        const { data } = cutout(chunk, boxFromSize(start, size))
        const values = new Set(data as Uint8Array)
        assert.is(values.size, 1, `chunk at ${z} ${y} ${x}`)
        assert.not(values.has(0))
      }
  assert.is(
    folder.python("a = zarr.open('killed.zarr', mode='r')[:]; print(a.shape, a[0].max())") ??
      '(100, 100, 40) 0',
    '(100, 100, 40) 0',
  )
})

test.run()
