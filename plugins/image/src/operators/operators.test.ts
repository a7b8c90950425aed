import { createChunk, formatBox, numberToFloat16, parseBox } from '@chunkflow/sdk'
import { codeOf, ODD_PLACEMENT, rampChunk, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { apply, counts, total } from '../testing/apply.js'
import channelVoting from './channel-voting.js'
import createChunkOperator from './create-chunk.js'
import cropMargin from './crop-margin.js'
import downsample from './downsample.js'
import multiply from './multiply.js'
import transpose from './transpose.js'

const test = suite('image')

test('crop-margin: three values for both sides, or six', async () => {
  const chunk = rampChunk([5, 9, 14], { dtype: 'uint16', ...ODD_PLACEMENT })
  const cropped = await apply(cropMargin, { marginSize: [1, 2, 3, 0, 1, 2] }, { chunk })
  assert.equal(
    [cropped.shape, cropped.voxelOffset, cropped.voxelSize],
    [
      [4, 6, 9],
      [8, -1, 14],
      [40, 8, 4],
    ],
  )
  assert.is(cropped.data[0], (1 * 9 + 2) * 14 + 3)
  const both = await apply(cropMargin, { marginSize: [1, 2, 3] }, { chunk })
  assert.equal(
    [both.shape, both.voxelOffset],
    [
      [3, 5, 8],
      [8, -1, 14],
    ],
  )
  const channels = rampChunk([2, 5, 9, 14], { dtype: 'float32' })
  assert.equal((await apply(cropMargin, { marginSize: [1, 1, 1] }, { chunk: channels })).shape, [2, 3, 7, 12])
  assert.is(await codeOf(() => apply(cropMargin, { marginSize: [3, 0, 0] }, { chunk })), 'chunk-outside')
})

test("crop-margin: without a margin to the task's box, keeping a declared layer type", async () => {
  const chunk = rampChunk([5, 9, 14], { dtype: 'uint8', ...ODD_PLACEMENT, layerType: 'segmentation' })
  const bbox = parseBox('8-11_0-4_12-20')!
  const cut = await apply(cropMargin, {}, { chunk, bbox })
  assert.equal([cut.shape, cut.voxelOffset, cut.layerType], [[3, 4, 8], [8, 0, 12], 'segmentation'])
  assert.is(cut.data[0], ((1 * 9 + 3) * 14 + 1) % 256)
  assert.is((await apply(cropMargin, { marginSize: [1, 1, 1] }, { chunk })).layerType, 'image')
  assert.is(await codeOf(() => apply(cropMargin, {}, { chunk })), 'task-no-bbox')
  const far = parseBox('8-99_0-4_12-20')!
  assert.is(await codeOf(() => apply(cropMargin, {}, { chunk, bbox: far })), 'chunk-outside')
})

test("crop-margin --crop-bbox shrinks the task's box", async () => {
  const chunk = rampChunk([5, 9, 14], { dtype: 'uint8', ...ODD_PLACEMENT })
  const crop = (marginSize: number[], box: string) =>
    runOperator(cropMargin, {
      options: { marginSize, cropBbox: true },
      variables: { chunk, bbox: parseBox(box)! },
    })
  assert.is(formatBox((await crop([1, 1, 1], '8-11_0-4_12-20')).task.get('bbox')), '9-10_1-3_13-19')
  assert.is(formatBox((await crop([1, 0, 2, 0, 3, 1], '8-11_0-4_12-20')).task.get('bbox')), '9-11_0-1_14-19')
  assert.is(await codeOf(() => crop([2, 0, 0], '8-11_0-4_12-20')), 'box-invalid')
})

test('crop-margin and downsample tell the planner the size', () => {
  const input = { kind: 'chunk', dtype: 'uint8', rank: 4, shape: [3, 5, 9, 14] } as const
  const ports = { inputChunkName: 'chunk', outputChunkName: 'chunk' }
  const crop = (marginSize: readonly number[]) =>
    cropMargin.infer!({ inputChunkName: input }, { ...ports, marginSize, cropBbox: false }).outputChunkName!
  assert.equal([crop([1, 2, 3]).shape, crop([1, 2, 3]).layerType], [[3, 3, 5, 8], 'unknown'])
  assert.throws(() => crop([0, 5, 0, 0, 4, 0]), /leaves nothing/)
  const coarse = downsample.infer!({ inputChunkName: input }, { ...ports, factor: [1, 2, 4] })
    .outputChunkName!
  assert.equal([coarse.shape, coarse.dtype], [[3, 5, 5, 4], 'uint8'])
})

test('multiply: a 3-D mask meets every channel; inputs are not changed', async () => {
  const chunk = createChunk(new Float32Array([1, 2, 3, 4]), [2, 1, 1, 2], { voxelOffset: [1, 2, 3] })
  const mask = createChunk(new Uint8Array([0, 1]), [1, 1, 2])
  const product = await apply(multiply, { multiplierName: 'mask' }, { chunk, mask })
  assert.equal([product.dtype, ...product.data], ['float32', 0, 2, 0, 4])
  assert.equal(product.voxelOffset, [1, 2, 3])
  assert.equal([...chunk.data], [1, 2, 3, 4])
})

test('multiply: several variables at once, read before the first is written', async () => {
  const one = createChunk(new Uint8Array([1, 2]), [1, 1, 2])
  const two = createChunk(new Uint8Array([200, 3]), [1, 1, 2])
  const { task } = await runOperator(multiply, {
    options: { inputNames: ['a', 'b'], outputNames: ['b', 'c'], multiplierName: 'b' },
    variables: { a: one, b: two },
  })
  const data = (name: string) => [...task.get<typeof one>(name).data]
  // uint8 wraps: 200 * 200 = 156 * 256 + 64
  assert.equal(
    [data('a'), data('b'), data('c')],
    [
      [1, 2],
      [200, 6],
      [64, 9],
    ],
  )
  const options = { inputNames: ['a'], outputNames: ['b', 'c'], multiplierName: 'm' }
  assert.is(await codeOf(() => multiply.infer!({}, options)), 'flag-invalid')
  const wide = createChunk(new Uint8Array(3), [1, 1, 3])
  assert.is(
    await codeOf(() => apply(multiply, { multiplierName: 'wide' }, { chunk: one, wide })),
    'shape-mismatch',
  )
})

test('channel-voting: counts from 1, the lowest wins ties', async () => {
  const chunk = createChunk(new Float32Array([5, 1, 1, 5, 2, 1, 0, 1, 9]), [3, 1, 1, 3], ODD_PLACEMENT)
  const votes = await apply(channelVoting, {}, { chunk })
  assert.equal([...votes.data], [1, 2, 3])
  assert.equal([votes.shape, votes.layerType, votes.voxelOffset], [[1, 1, 3], 'segmentation', [7, -3, 11]])
  const large = createChunk(new BigUint64Array([2n ** 63n, 2n ** 63n + 1n]), [2, 1, 1, 1])
  assert.equal([...(await apply(channelVoting, {}, { chunk: large })).data], [2])
  const half = Uint16Array.from([-1, 0.5, -2, 0.25], numberToFloat16)
  const halves = createChunk(half, [2, 1, 1, 2], { dtype: 'float16' })
  assert.equal([...(await apply(channelVoting, {}, { chunk: halves })).data], [1, 1])
})

test('channel-voting: 255 channels at most, four axes', async () => {
  const most = rampChunk([255, 1, 1, 2], { dtype: 'uint16' })
  assert.equal([...(await apply(channelVoting, {}, { chunk: most })).data], [255, 255])
  const many = rampChunk([256, 1, 1, 2], { dtype: 'uint16' })
  assert.is(await codeOf(() => apply(channelVoting, {}, { chunk: many })), 'image-dtype')
  const flat = rampChunk([1, 1, 2], { dtype: 'uint16' })
  assert.is(await codeOf(() => apply(channelVoting, {}, { chunk: flat })), 'image-dtype')
})

test('downsample: averages images and takes the mode of labels', async () => {
  const half = await apply(downsample, {}, { chunk: await apply(createChunkOperator, {}) })
  assert.is(total(half), 5307179)
  assert.equal([...half.data.slice(0, 6)], [24, 55, 86, 116, 143, 169])
  assert.equal([half.shape, half.voxelSize, half.layerType], [[32, 32, 32], [2, 2, 2], 'image'])
  const labels = await apply(createChunkOperator, { dtype: 'uint32' })
  const coarse = await apply(downsample, {}, { chunk: labels })
  assert.equal(counts(coarse), [11326, 1751, 10355, 8520, 816])
  assert.equal([coarse.dtype, coarse.layerType], ['uint32', 'segmentation'])
})

test('downsample: any factor, rounding the offset down', async () => {
  const chunk = rampChunk([5, 9, 14], { dtype: 'uint8', ...ODD_PLACEMENT })
  const coarse = await apply(downsample, { factor: [1, 2, 2] }, { chunk })
  assert.equal(
    [coarse.shape, coarse.voxelOffset, coarse.voxelSize],
    [
      [5, 5, 7],
      [7, -2, 5],
      [40, 16, 8],
    ],
  )
  // voxels 0, 1, 14, 15
  assert.is(coarse.data[0], 7)
})

test('transpose reverses axes, and offset only when asked', async () => {
  const chunk = rampChunk([2, 3, 4], { dtype: 'uint8', ...ODD_PLACEMENT })
  const turned = await apply(transpose, {}, { chunk })
  assert.equal(
    [turned.shape, turned.voxelOffset, turned.voxelSize],
    [
      [4, 3, 2],
      [7, -3, 11],
      [40, 8, 4],
    ],
  )
  assert.equal([...turned.data.slice(0, 8)], [0, 12, 4, 16, 8, 20, 1, 13])
  const placed = await apply(transpose, { onlyArray: false }, { chunk })
  assert.equal(
    [placed.voxelOffset, placed.voxelSize],
    [
      [11, -3, 7],
      [4, 8, 40],
    ],
  )
  assert.equal((await apply(transpose, {}, { chunk: turned })).data, chunk.data)
})

test.run()
