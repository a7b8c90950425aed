import { boxFromSize, cutout, type Dtype, type Zyx, zyx } from '@chunkflow/sdk'
import { rampChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codecWorkers } from './codec-workers.js'
import { openArray } from './open-array.js'
import { readBox } from './read-box.js'
import { sameVoxels, WORKER, zarrFolder } from './testing/zarr-folder.js'

const test = suite('read box')
const folder = zarrFolder()
const workers = codecWorkers(folder.compute, WORKER)
test.after(async () => {
  await workers.dispose()
  folder.remove()
})

test('workers that fill the result and a copy through other memory give the same', async () => {
  for (const [dtype, order, shape] of [
    ['uint8', 'zyx', [40, 30, 72]],
    ['uint8', 'xyz', [40, 30, 72]],
    ['uint16', 'zyx', [2, 12, 30, 33]],
    ['uint64', 'xyz', [3, 11, 9, 40]],
  ] as readonly (readonly [Dtype, string, readonly number[]])[]) {
    const store = `${dtype}-${order}.zarr`
    const chunk = rampChunk(shape, { dtype })
    await folder.save(chunk, { store, order, chunkSize: [8, 16, 24] })
    const array = await openArray(await folder.store.open(store), { driver: 'any', mip: 0 })
    const size = shape.slice(-3) as unknown as Zyx
    for (const box of [
      boxFromSize(zyx(0, 0, 0), size),
      boxFromSize(zyx(1, 3, 5), zyx(size[0] - 2, size[1] - 4, size[2] - 7)),
      boxFromSize(zyx(8, 0, 16), zyx(2, 8, 16)),
    ])
      for (const postedBytes of [0, 2 ** 31]) {
        const read = await readBox(array, workers, { box, postedBytes })
        assert.ok(sameVoxels(read, cutout(chunk, box)), `${store} ${postedBytes}`)
      }
  }
})

test('stops when it is told to', async () => {
  const chunk = rampChunk([40, 40, 40], { dtype: 'uint8' })
  await folder.save(chunk, { store: 'many.zarr', chunkSize: [8, 8, 8] })
  const array = await openArray(await folder.store.open('many.zarr'), { driver: 'any', mip: 0 })
  const controller = new AbortController()
  let chunks = 0
  const reading = readBox(array, workers, {
    box: array.placement.box,
    signal: controller.signal,
    onChunk: () => {
      chunks += 1
      controller.abort()
    },
  })
  const error = await reading.catch((reason: unknown) => reason)
  assert.is((error as Error).name, 'AbortError')
  // those that were in flight
  assert.ok(chunks <= 32, `${chunks} of 125 chunks`)
})

test.run()
