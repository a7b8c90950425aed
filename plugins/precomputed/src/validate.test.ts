import { type Chunk, createChunk } from '@chunkflow/sdk'
import { randomChunk, seededRandom } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hasBlackBox } from './kernels/black-box.js'
import createInfo from './operators/create-info.js'
import downsampleUpload from './operators/downsample-upload.js'
import loadPrecomputed from './operators/load-precomputed.js'
import savePrecomputed from './operators/save-precomputed.js'
import { refuses, setUp } from './testing/set-up.js'

const test = suite('--validate-mip')
const size = [30, 40, 50] as const

function tissue(): Chunk {
  const random = seededRandom(5)
  const voxels = Uint8Array.from({ length: 30 * 40 * 50 }, () => 1 + Math.floor(random() * 255))
  return createChunk(voxels, size, { voxelOffset: [4, 8, -16], voxelSize: [40, 4, 4] })
}
/** Zeroes voxels [low, high) of a chunk. */
function cutHole(chunk: Chunk, low: readonly number[], high: readonly number[]): Chunk {
  const data = Uint8Array.from(chunk.data as Uint8Array)
  for (let z = low[0]!; z < high[0]!; z++)
    for (let y = low[1]!; y < high[1]!; y++)
      data.fill(0, (z * 40 + y) * 50 + low[2]!, (z * 40 + y) * 50 + high[2]!)
  return createChunk(data, size, chunk)
}

test('finds a box of zeros, not speckles, corners or floats', () => {
  assert.is(hasBlackBox(tissue()), false)
  assert.is(hasBlackBox(cutHole(tissue(), [5, 5, 5], [25, 35, 40])), true)
  // a box in a corner shows three faces only
  assert.is(hasBlackBox(cutHole(tissue(), [0, 0, 0], [20, 30, 30])), false)
  assert.is(hasBlackBox(cutHole(tissue(), [10, 10, 10], [14, 14, 14])), false)
  const floats = createChunk(
    Float32Array.from(cutHole(tissue(), [5, 5, 5], [25, 35, 40]).data as Uint8Array),
    size,
  )
  assert.is(hasBlackBox(floats), false)
  assert.is(hasBlackBox(randomChunk([1, 3, 3], { dtype: 'uint8' })), false)
})

test('compares with a coarser scale', async () => {
  const { run } = setUp()
  const chunk = tissue()
  await run(createInfo, {
    options: { blockSize: [30, 20, 25], factor: [1, 2, 2], maxMip: 1 },
    variables: { chunk },
  })
  await run(savePrecomputed, { variables: { chunk } })
  const read = (options: object) => run(loadPrecomputed, { options: options as never })
  await refuses(read({ validateMip: 1 }), 'volume-inconsistent')
  await run(downsampleUpload, { options: { stopMip: 2 }, variables: { chunk } })
  const whole = await read({ validateMip: 1 })
  assert.equal(whole.task.get<Chunk>('chunk').data, chunk.data)
  // what lies beyond the volume, and odd corners, are left out
  await read({ validateMip: 1, chunkStart: [3, 9, -17], stop: [40, 49, 40] })
  const changed = createChunk(Uint8Array.from(chunk.data as Uint8Array), size, chunk)
  changed.data[1234] = (Number(changed.data[1234]) + 100) % 256
  await run(savePrecomputed, { variables: { chunk: changed } })
  await refuses(read({ validateMip: 1 }), 'volume-inconsistent')
  await read({ validateMip: 0 })
  await refuses(run(loadPrecomputed, { options: { validateMip: 0, mip: 1 } }), 'flag-invalid')
})

test.run()
