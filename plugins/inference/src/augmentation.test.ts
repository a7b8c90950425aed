import { type ChunkflowError, type Model, zyx } from '@chunkflow/sdk'
import { seededRandom } from '@chunkflow/sdk/testing'
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
    { inputPatchSize: zyx(1, 2, 2), inputChannels: 1, overlap: zyx(0, 0, 0), affinity: false },
  )
  await model.run(batch, 1, result)
  // each voxel is at the top left in two of the eight variants
  assert.equal([...result], [0.25, 0.5, 0.75, 1, 7, 7, 7, 7])
})

/** Nearest-neighbour affinities straight from the image, x y z: how alike a voxel and the one before it are. */
function affinityModel([depth, size]: readonly [number, number]): Model {
  const steps = [1, size, size * size]
  return {
    computeDevice: 'cpu',
    channels: 4,
    resultSize: zyx(depth, size, size),
    run: async (batch, count, result) => {
      const voxels = depth * size * size
      result.fill(0)
      for (let item = 0; item < count; item++)
        for (let channel = 0; channel < 4; channel++)
          for (let voxel = 0; voxel < voxels; voxel++) {
            const at = (index: number) => batch[item * voxels + index]!
            const place = [voxel % size, Math.floor(voxel / size) % size, Math.floor(voxel / size ** 2)]
            const to = (item * 4 + channel) * voxels + voxel
            if (channel === 3) result[to] = at(voxel)
            else if (place[channel]! > 0) result[to] = 1 - Math.abs(at(voxel) - at(voxel - steps[channel]!))
          }
    },
  }
}

test('with affinities every variant tells the same of the same edges', async () => {
  const [depth, size] = [2, 5] as const
  const voxels = depth * size * size
  const random = seededRandom(11)
  const batch = Float32Array.from({ length: 3 * voxels }, () => random())
  const plain = new Float32Array(2 * 4 * voxels)
  const model = affinityModel([depth, size])
  await model.run(batch, 2, plain)
  const mean = async (affinity: boolean): Promise<Float32Array> => {
    const result = new Float32Array(3 * 4 * voxels)
    const settings = { inputPatchSize: model.resultSize, inputChannels: 1, overlap: zyx(0, 0, 0), affinity }
    await augmentModel(model, settings).run(batch, 2, result)
    return result.subarray(0, plain.length)
  }
  // first planes mean nothing
  const meaningful = (_: number, index: number): boolean => {
    const channel = Math.floor(index / voxels) % 4
    return channel > 1 || (channel === 0 ? index % size : Math.floor(index / size) % size) > 0
  }
  const equal = (values: Float32Array) =>
    values
      .filter(meaningful)
      .every((value, index) => Math.abs(value - plain.filter(meaningful)[index]!) < 1e-6)
  assert.ok(equal(await mean(true)))
  assert.not.ok(equal(await mean(false)))
})

test('keeps the scale of first planes, and refuses affinities that are weighted', async () => {
  const ones: Model = {
    computeDevice: 'cpu',
    channels: 3,
    resultSize: zyx(1, 3, 3),
    run: async (_batch, _count, result) => void result.fill(1),
  }
  const settings = { inputPatchSize: zyx(1, 3, 3), inputChannels: 1, overlap: zyx(0, 0, 0), affinity: true }
  const result = new Float32Array(27)
  await augmentModel(ones, settings).run(new Float32Array(9), 1, result)
  assert.equal([...result], Array(27).fill(1))
  try {
    augmentModel({ ...ones, weighted: true }, settings)
    assert.unreachable()
  } catch (error) {
    assert.is((error as ChunkflowError).code, 'model-weighted')
  }
})

test('needs square patches', () => {
  const model = { computeDevice: 'cpu', channels: 1, resultSize: zyx(1, 4, 2), run: async () => {} }
  try {
    augmentModel(model, {
      inputPatchSize: zyx(1, 4, 2),
      inputChannels: 1,
      overlap: zyx(0, 0, 0),
      affinity: false,
    })
    assert.unreachable()
  } catch (error) {
    assert.is((error as ChunkflowError).code, 'patch-invalid')
  }
})

test.run()
