import { type ChunkflowError, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addInverse, augmentModel, transformPlanes, VARIANTS } from './augmentation.js'

const test = suite('augmentation')

test('swaps, then flips x, then flips y', () => {
  const plane = Float32Array.of(1, 2, 3, 4) // rows 1 2 / 3 4
  const turned = new Float32Array(4)
  transformPlanes(plane, turned, 2, { swap: true, flipX: false, flipY: false })
  assert.equal([...turned], [1, 3, 2, 4])
  transformPlanes(plane, turned, 2, { swap: true, flipX: true, flipY: false })
  assert.equal([...turned], [3, 1, 4, 2])
  transformPlanes(plane, turned, 2, { swap: true, flipX: false, flipY: true })
  assert.equal([...turned], [2, 4, 1, 3])
  transformPlanes(plane, turned, 2, { swap: false, flipX: true, flipY: true })
  assert.equal([...turned], [4, 3, 2, 1])
})

test('all eight variants differ and every inverse undoes its variant', () => {
  const planes = Float32Array.from({ length: 2 * 9 }, (_, index) => index + 1)
  const seen = new Set<string>()
  for (const variant of VARIANTS) {
    const turned = new Float32Array(18)
    const back = new Float32Array(18)
    transformPlanes(planes, turned, 3, variant)
    addInverse(turned, back, 3, variant, 1)
    assert.equal([...back], [...planes])
    seen.add(turned.join())
  }
  assert.is(seen.size, 8)
})

test('averages the eight turned-back runs and leaves later slots alone', async () => {
  const batch = Float32Array.of(1, 2, 3, 4, 9, 9, 9, 9)
  const result = new Float32Array(8).fill(7)
  const model = augmentModel(
    {
      computeDevice: 'cpu',
      channels: 1,
      resultSize: zyx(1, 2, 2),
      // keeps the voxel at the top left only
      run: async (input, _count, output) => void output.fill(0).set([input[0]!]),
    },
    { inputPatchSize: zyx(1, 2, 2), inputChannels: 1, overlap: zyx(0, 0, 0) },
  )
  await model.run(batch, 1, result)
  // each voxel is at the top left in two of the eight variants
  assert.equal([...result], [0.25, 0.5, 0.75, 1, 7, 7, 7, 7])
})

test('needs square patches', () => {
  const model = { computeDevice: 'cpu', channels: 1, resultSize: zyx(1, 4, 2), run: async () => {} }
  try {
    augmentModel(model, { inputPatchSize: zyx(1, 4, 2), inputChannels: 1, overlap: zyx(0, 0, 0) })
    assert.unreachable()
  } catch (error) {
    assert.is((error as ChunkflowError).code, 'patch-invalid')
  }
})

test.run()
