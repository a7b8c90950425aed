import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createScratch, type Scratch } from './scratch.js'

const test = suite('scratch')

/** Uses regions of so many uint32 at the same time. */
const together = async (scratch: Scratch, ...lengths: number[]): Promise<void> => {
  await Promise.all(
    lengths.map((length) =>
      scratch.use('uint32', length, async (voxels) => {
        assert.is(voxels.length, length)
        await new Promise((resolve) => setImmediate(resolve))
      }),
    ),
  )
}

test('as many buffers as are in use at once, each as large as was needed', async () => {
  const scratch = createScratch()
  await together(scratch, 100, 10)
  assert.is(scratch.bytes, 4 * 110)
  await together(scratch, 10, 100)
  assert.is(scratch.bytes, 4 * 110)
  // one after another: the small one makes room for larger ones
  for (const length of [20, 50, 120, 150]) await together(scratch, length, 90)
  assert.is(scratch.bytes, 4 * (150 + 90))
})

test('regions in use do not overlap, and come back after a failure', async () => {
  const scratch = createScratch()
  await scratch.use('uint8', 5, async (outer) => {
    outer.fill(1 as never)
    await scratch.use('float64', 2, async (inner) => void inner.fill(7 as never))
    assert.equal([...outer], [1, 1, 1, 1, 1])
  })
  const { bytes } = scratch
  const failed = await scratch
    .use('uint8', 16, async () => {
      throw new Error('no')
    })
    .catch((error: Error) => error.message)
  assert.is(failed, 'no')
  await together(scratch, 4)
  assert.is(scratch.bytes, bytes)
})

test.run()
