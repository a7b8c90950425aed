import {
  type AnyOperator,
  type Chunk,
  createChunk,
  formatBox,
  isChunkflowError,
  parseBox,
} from '@chunkflow/sdk'
import { inlineCompute, ODD_PLACEMENT, rampChunk, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import channelVoting from './channel-voting.js'
import createChunkOperator from './create-chunk.js'
import cropMargin from './crop-margin.js'
import downsample from './downsample.js'
import multiply from './multiply.js'
import normalizeIntensity from './normalize-intensity.js'
import quantize from './quantize.js'
import transpose from './transpose.js'

const test = suite('image')
const services = { compute: inlineCompute() }

async function apply(
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
): Promise<Chunk> {
  const { task } = await runOperator(definition, { options: options as never, variables, services })
  return task.get<Chunk>('chunk')
}
const total = (chunk: Chunk): number => {
  let sum = 0
  for (const value of chunk.data as Uint8Array) sum += Number(value)
  return sum
}
const counts = (chunk: Chunk): number[] => {
  const found = new Map<number, number>()
  for (const value of chunk.data as Uint32Array) found.set(Number(value), (found.get(Number(value)) ?? 0) + 1)
  return [...found].sort(([left], [right]) => left - right).map(([, count]) => count)
}
const refusal = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action
  } catch (error) {
    return isChunkflowError(error) ? error.code : String(error)
  }
  return 'accepted'
}

test('create-chunk: the wave has the values of the specification', async () => {
  const wave = await apply(createChunkOperator, {})
  assert.equal([...wave.data.slice(0, 8)], [0, 16, 32, 48, 64, 79, 94, 109])
  const at = (z: number, y: number, x: number) => wave.data[(z * 64 + y) * 64 + x]
  assert.equal([at(0, 0, 63), at(63, 63, 63), at(32, 32, 32), at(1, 2, 3)], [192, 136, 47, 94])
  assert.is(total(wave), 42595554)
  assert.is(wave.layerType, 'image')
  assert.is(total(await apply(createChunkOperator, { size: [36, 448, 448] })), 1173946388)
})

test('create-chunk: labels are components of the crests, in the dtype asked for', async () => {
  for (const dtype of ['uint16', 'uint32', 'uint64']) {
    const labels = await apply(createChunkOperator, { dtype })
    assert.is(labels.dtype, dtype)
    assert.equal(counts(labels), [86897, 13079, 84584, 71039, 6545])
  }
})

test('create-chunk: random is repeatable with a seed; zero is zero; offset and size are kept', async () => {
  const noise = (seed: number) =>
    apply(createChunkOperator, {
      pattern: 'random',
      seed,
      size: [3, 4, 5],
      voxelOffset: [7, -3, 11],
      voxelSize: [40, 8, 4],
    })
  assert.equal((await noise(3)).data, (await noise(3)).data)
  assert.not.equal((await noise(3)).data, (await noise(4)).data)
  assert.equal((await noise(3)).voxelOffset, [7, -3, 11])
  assert.equal((await noise(3)).voxelSize, [40, 8, 4])
  assert.is(total(await apply(createChunkOperator, { pattern: 'zero', dtype: 'float64' })), 0)
  assert.is(
    (await apply(createChunkOperator, { pattern: 'random', dtype: 'uint32', size: [4, 4, 4] })).dtype,
    'uint32',
  )
})

test('crop-margin: by margins, to the task box, and the box with it', async () => {
  const chunk = rampChunk([5, 9, 14], { dtype: 'uint16', ...ODD_PLACEMENT })
  const bbox = parseBox('8-11_0-4_12-20')!
  const cropped = await apply(cropMargin, { marginSize: [1, 2, 3, 0, 1, 2] }, { chunk })
  assert.equal(
    [cropped.shape, cropped.voxelOffset],
    [
      [4, 6, 9],
      [8, -1, 14],
    ],
  )
  assert.is(cropped.data[0], (1 * 9 + 2) * 14 + 3)
  assert.equal((await apply(cropMargin, {}, { chunk, bbox })).shape, [3, 4, 8])
  const { task } = await runOperator(cropMargin, {
    options: { marginSize: [1, 1, 1], cropBbox: true },
    variables: { chunk, bbox },
  })
  assert.is(formatBox(task.get('bbox')), '9-10_1-3_13-19')
  assert.is(await refusal(apply(cropMargin, {}, { chunk })), 'task-no-bbox')
})

test('multiply: a 3-D mask meets every channel; inputs are not changed', async () => {
  const chunk = createChunk(new Float32Array([1, 2, 3, 4]), [2, 1, 1, 2])
  const mask = createChunk(new Uint8Array([0, 1]), [1, 1, 2])
  assert.equal([...(await apply(multiply, { multiplierName: 'mask' }, { chunk, mask })).data], [0, 2, 0, 4])
  assert.equal([...chunk.data], [1, 2, 3, 4])
  assert.is(
    await refusal(apply(multiply, { multiplierName: 'mask', outputNames: ['a', 'b'] }, { chunk, mask })),
    'flag-invalid',
  )
})

test('quantize: truncates 255 v; of affinities the mean of x and y, or z', async () => {
  const map = createChunk(new Float32Array([0, 0.5, 0.999, 1]), [1, 2, 2])
  const image = await apply(quantize, {}, { chunk: map })
  assert.equal([...image.data], [0, 127, 254, 255])
  assert.is(image.layerType, 'image')
  const affinity = createChunk(new Float32Array([0.2, 1, 0.4, 1, 0.9, 0.1]), [3, 1, 1, 2])
  assert.equal([...(await apply(quantize, {}, { chunk: affinity })).data], [76, 255])
  assert.equal([...(await apply(quantize, { mode: 'z' }, { chunk: affinity })).data], [229, 25])
  assert.is(
    await refusal(apply(quantize, {}, { chunk: createChunk(new Uint8Array(1), [1, 1, 1]) })),
    'image-dtype',
  )
})

test('channel-voting: counts from 1, the lowest wins ties', async () => {
  const chunk = createChunk(new Float32Array([5, 1, 1, 5, 2, 1, 0, 1, 9]), [3, 1, 1, 3])
  const votes = await apply(channelVoting, {}, { chunk })
  assert.equal([...votes.data], [1, 2, 3])
  assert.equal([votes.shape, votes.layerType], [[1, 1, 3], 'segmentation'])
})

test('downsample: averages images and takes the mode of labels', async () => {
  const wave = await apply(createChunkOperator, {})
  const half = await apply(downsample, {}, { chunk: wave })
  assert.is(total(half), 5307179)
  assert.equal([...half.data.slice(0, 6)], [24, 55, 86, 116, 143, 169])
  assert.equal(half.voxelSize, [2, 2, 2])
  const labels = await apply(createChunkOperator, { dtype: 'uint32' })
  assert.equal(counts(await apply(downsample, {}, { chunk: labels })), [11326, 1751, 10355, 8520, 816])
})

test('transpose reverses axes, and offset only when asked', async () => {
  const chunk = rampChunk([2, 3, 4], { dtype: 'uint8', ...ODD_PLACEMENT })
  const turned = await apply(transpose, {}, { chunk })
  assert.equal(
    [turned.shape, turned.voxelOffset],
    [
      [4, 3, 2],
      [7, -3, 11],
    ],
  )
  assert.is(turned.data[1], 12)
  assert.equal((await apply(transpose, { onlyArray: false }, { chunk })).voxelOffset, [11, -3, 7])
})

test('normalize-intensity maps bytes to [-1, 1]', async () => {
  const chunk = createChunk(new Uint8Array([0, 51, 254, 255]), [1, 2, 2], { voxelOffset: [1, 2, 3] })
  const result = await apply(normalizeIntensity, {}, { chunk })
  assert.equal([...result.data], [...Float32Array.from([-1, -0.6, 254 / 127.5 - 1, 1])])
  assert.equal(result.voxelOffset, [1, 2, 3])
  assert.is(
    await refusal(apply(normalizeIntensity, {}, { chunk: createChunk(new Float32Array(1), [1, 1, 1]) })),
    'image-dtype',
  )
})

test.run()
