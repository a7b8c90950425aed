import { allocate, createChunk, DTYPES, type Dtype } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inlineCompute } from '../testing/inline-compute.js'
import { connectedComponents } from './connected-components.js'
import { downsampleChunk, downsampleKindOf, downsamplePyramid } from './downsample.js'
import { uniqueLabels } from './unique-labels.js'

const test = suite('downsample')
const services = { compute: inlineCompute() }

/** Specification 2.6: |sin(4 (z + y + x))|, each axis from 0 to 1. */
function sinePattern(size: number): Float64Array {
  const values = new Float64Array(size ** 3)
  let index = 0
  for (let z = 0; z < size; z++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++)
        values[index++] = Math.abs(
          Math.sin((4 * z) / (size - 1) + (4 * y) / (size - 1) + (4 * x) / (size - 1)),
        )
  return values
}

test('averages the sine image to the specified values', async () => {
  const image = createChunk(
    Uint8Array.from(sinePattern(64), (value) => Math.floor(255 * value)),
    [64, 64, 64],
  )
  const half = await downsampleChunk(image, [2, 2, 2], services)
  assert.is(
    (half.data as Uint8Array).reduce((sum, value) => sum + value, 0),
    5307179,
  )
  assert.equal([...half.data.subarray(0, 6)], [24, 55, 86, 116, 143, 169])
})

test('takes the mode of the sine labels', async () => {
  const bright = createChunk(
    Uint8Array.from(sinePattern(64), (value) => (value > 0.5 ? 1 : 0)),
    [64, 64, 64],
    { dtype: 'bool' },
  )
  const labels = await connectedComponents(bright, { connectivity: 6 }, services)
  const full = await uniqueLabels(labels.data, labels.dtype, services)
  assert.equal([...full.ids], [1n, 2n, 3n, 4n])
  assert.equal([...full.counts], [13079, 84584, 71039, 6545])
  const half = await downsampleChunk(labels, [2, 2, 2], services)
  const { counts } = await uniqueLabels(half.data, half.dtype, services)
  assert.equal([...counts], [1751, 10355, 8520, 816])
})

test('gives every level its place and treats channels apart', async () => {
  const ramp = Float32Array.from({ length: 2 * 4 * 3 * 5 }, (_, index) => index)
  const chunk = createChunk(ramp, [2, 4, 3, 5], {
    voxelOffset: [7, -3, 11],
    voxelSize: [40, 8, 4],
    layerType: 'image',
  })
  const [half, quarter] = await downsamplePyramid(chunk, [1, 2, 2], 2, services)
  assert.equal(
    [half!.shape, half!.voxelOffset, half!.voxelSize],
    [
      [2, 4, 2, 3],
      [7, -2, 5],
      [40, 16, 8],
    ],
  )
  assert.equal(
    [quarter!.shape, quarter!.voxelOffset, quarter!.voxelSize],
    [
      [2, 4, 1, 2],
      [7, -1, 2],
      [40, 32, 16],
    ],
  )
  assert.equal([quarter!.layerType, quarter!.layerTypeDeclared, quarter!.dtype], ['image', true, 'float32'])
  // second channel, first section: 60 61 / 65 66
  assert.is(half!.data[24], 63)
  assert.equal(await downsampleChunk(chunk, [1, 2, 2], services), half)
})

test('takes uint16 for labels unless it is declared an image', () => {
  const kindOf = (layerType?: 'image'): string =>
    downsampleKindOf(createChunk(new Uint16Array(1), [1, 1, 1], { layerType }))
  assert.equal([kindOf(), kindOf('image')], ['mode', 'average'])
})

test('refuses factors below one', async () => {
  try {
    await downsampleChunk(createChunk(new Uint8Array(8), [2, 2, 2]), [1, 0, 2], services)
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'shape-mismatch')
  }
})

test('puts a result where it is told to', async () => {
  const shape = [2, 3, 5, 9]
  const image = (dtype: Dtype) => {
    const data = allocate(dtype, 270)
    for (let index = 0; index < 270; index++) data[index] = (index * 7) % 61
    return createChunk(data, shape, { dtype })
  }
  const memory = allocate('uint8', 4096)
  for (const [dtype, kind, factor] of [
    ['uint32', 'mode', [2, 2, 2]],
    ['uint32', 'mode', [1, 4, 4]],
    ['uint32', 'mode', [1, 1, 3]],
    ['uint8', 'average', [1, 2, 2]],
    ['uint8', 'average', [2, 2, 3]],
    ['float16', 'average', [2, 2, 2]],
  ] as const) {
    const expected = await downsampleChunk(image(dtype), factor, services, kind)
    memory.fill(255 as never)
    const { data } = await downsampleChunk(image(dtype), factor, services, kind, (_, length) => {
      assert.is(length, expected.data.length)
      return new DTYPES[dtype].array(memory.buffer, 64, length)
    })
    assert.is(data.buffer, memory.buffer)
    assert.equal([...data], [...expected.data], `${dtype} ${kind} ${factor}`)
  }
})

test.run()
