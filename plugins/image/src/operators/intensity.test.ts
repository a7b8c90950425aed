import { createChunk, type Dtype, numberToFloat16 } from '@chunkflow/sdk'
import { codeOf, inlineCompute, ODD_PLACEMENT, rampChunk, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { apply } from '../testing/apply.js'
import createChunkOperator from './create-chunk.js'
import inverse from './inverse.js'
import mapto01 from './mapto01.js'
import normalizeIntensity from './normalize-intensity.js'
import normalizeSectionShang from './normalize-section-shang.js'
import quantize from './quantize.js'
import rescaleIntensity from './rescale-intensity.js'
import statistics from './statistics.js'
import stretchIntensity from './stretch-intensity.js'

const test = suite('intensity')

const bytes = (...values: number[]) =>
  createChunk(new Uint8Array(values), [1, 1, values.length], ODD_PLACEMENT)
const floats = (...values: number[]) =>
  createChunk(new Float32Array(values), [1, 1, values.length], ODD_PLACEMENT)
const singles = (...values: number[]): number[] => [...new Float32Array(values)]

test('normalize-intensity maps bytes to [-1, 1]', async () => {
  const result = await apply(normalizeIntensity, {}, { chunk: bytes(0, 51, 254, 255) })
  assert.equal([...result.data], singles(-1, Math.fround(0.4) - 1, Math.fround(254 / 127.5) - 1, 1))
  assert.equal([result.dtype, result.voxelOffset, result.voxelSize], ['float32', [7, -3, 11], [40, 8, 4]])
  const wave = (await apply(normalizeIntensity, {}, { chunk: await apply(createChunkOperator, {}) }))
    .data as Float32Array
  assert.is(
    wave.reduce((left, right) => Math.min(left, right)),
    -1,
  )
  assert.is(wave.reduce((left, right) => Math.max(left, right)).toFixed(4), '0.9922')
  assert.is(await codeOf(() => apply(normalizeIntensity, {}, { chunk: floats(1) })), 'image-dtype')
})

test('inverse: 255 - v of bytes, 1 - v of floats in [0, 1]', async () => {
  const image = await apply(inverse, {}, { chunk: bytes(0, 1, 200, 255) })
  assert.equal(
    [[...image.data], image.layerType, image.voxelOffset],
    [[255, 254, 55, 0], 'image', [7, -3, 11]],
  )
  const map = await apply(inverse, {}, { chunk: floats(0, 0.25, 1) })
  assert.equal([[...map.data], map.layerType], [[1, 0.75, 0], 'probability_map'])
  for (const outside of [-0.5, 1.5, Number.NaN])
    assert.is(await codeOf(() => apply(inverse, {}, { chunk: floats(0, outside) })), 'image-range')
  const wide = createChunk(new Uint16Array(1), [1, 1, 1])
  assert.is(await codeOf(() => apply(inverse, {}, { chunk: wide })), 'image-dtype')
})

test('mapto01: floats in [-1, 1] to [0, 1], bytes to [0.5, 1]', async () => {
  assert.equal([...(await apply(mapto01, {}, { chunk: floats(-1, -0.5, 0, 1) })).data], [0, 0.25, 0.5, 1])
  const image = await apply(mapto01, {}, { chunk: bytes(0, 51, 255) })
  assert.equal([image.dtype, ...image.data], ['float32', ...singles(0.5, (Math.fround(0.2) + 1) / 2, 1)])
  const half = createChunk(Uint16Array.of(numberToFloat16(-1), numberToFloat16(0.5)), [1, 1, 2], {
    dtype: 'float16',
  })
  const mapped = await apply(mapto01, {}, { chunk: half })
  assert.equal([mapped.dtype, ...mapped.data], ['float16', 0, numberToFloat16(0.75)])
  assert.is(await codeOf(() => apply(mapto01, {}, { chunk: floats(-1.01) })), 'image-range')
  assert.is(await codeOf(() => apply(mapto01, {}, { chunk: floats(Number.NaN) })), 'image-range')
})

test('rescale-intensity clamps, maps to [0, 255] and keeps the element type', async () => {
  const image = bytes(0, 20, 21, 110, 199, 200, 255)
  const scaled = await apply(rescaleIntensity, { low: 20, high: 200 }, { chunk: image })
  assert.equal([scaled.dtype, ...scaled.data], ['uint8', 0, 0, 1, 127, 253, 255, 255])
  // without limits the range of the chunk; 0 to 255 is the identity
  assert.equal([...(await apply(rescaleIntensity, {}, { chunk: bytes(10, 20, 60) })).data], [0, 51, 255])
  const all = bytes(...Array.from({ length: 256 }, (_, value) => value))
  assert.equal((await apply(rescaleIntensity, { low: 0, high: 255 }, { chunk: all })).data, all.data)
  assert.equal([...(await apply(rescaleIntensity, {}, { chunk: bytes(7, 7) })).data], [0, 0])
  const map = await apply(rescaleIntensity, { low: -1, high: 1 }, { chunk: floats(-2, -1, 0, 0.5, 1) })
  assert.equal([map.dtype, ...map.data], ['float32', 0, 0, 127.5, 191.25, 255])
  const deep = createChunk(new Int16Array([-1000, 0, 1000]), [1, 1, 3])
  assert.equal([...(await apply(rescaleIntensity, {}, { chunk: deep })).data], [0, 127, 255])
  const labels = rampChunk([1, 1, 3], { dtype: 'uint64' })
  assert.is(await codeOf(() => apply(rescaleIntensity, {}, { chunk: labels })), 'image-dtype')
  assert.is(
    await codeOf(() =>
      rescaleIntensity.infer!({}, { low: 3, high: 3, inputChunkName: 'a', outputChunkName: 'b' }),
    ),
    'flag-invalid',
  )
})

test('stretch-intensity: a table over the thresholds', async () => {
  const options = { minThreshold: 50, maxThreshold: 200 }
  const stretched = await apply(stretchIntensity, options, { chunk: bytes(0, 50, 51, 125, 199, 200, 255) })
  assert.equal([...stretched.data], [0, 0, 1, 127, 253, 255, 255])
  // the default divides by 256: 255 becomes 254
  assert.equal(
    [...(await apply(stretchIntensity, {}, { chunk: bytes(0, 1, 128, 255) })).data],
    [0, 0, 127, 254],
  )
  assert.is(await codeOf(() => apply(stretchIntensity, {}, { chunk: floats(0) })), 'image-dtype')
  const ports = { inputChunkName: 'chunk', outputChunkName: 'chunk' }
  assert.is(
    await codeOf(() => stretchIntensity.infer!({}, { minThreshold: 9, maxThreshold: 9, ...ports })),
    'flag-invalid',
  )
})

test('normalize-section-shang leaves the extremes of every section out of account', async () => {
  // section 0: inner values 10 and 30; section 1: only extremes; section 2: one inner value
  const chunk = createChunk(
    new Uint8Array([0, 10, 20, 30, 99, 5, 5, 9, 9, 9, 1, 4, 4, 8, 8]),
    [3, 1, 5],
    ODD_PLACEMENT,
  )
  const target = { nominalmin: 100, nominalmax: 300 }
  const stretched = await apply(normalizeSectionShang, target, { chunk })
  assert.equal([...stretched.data], [0, 100, 200, 300, 990, 5, 5, 9, 9, 9, 1, 4, 4, 8, 8])
  assert.equal(
    [stretched.dtype, stretched.voxelOffset, stretched.voxelSize],
    ['float32', [7, -3, 11], [40, 8, 4]],
  )
  const clipped = await apply(normalizeSectionShang, { ...target, clipvalues: true }, { chunk })
  assert.equal([...clipped.data.slice(0, 5)], [100, 100, 200, 300, 300])
  // the default is what the bits of the input hold
  const full = await apply(normalizeSectionShang, {}, { chunk })
  assert.equal([...full.data.slice(0, 5)], singles(-127.5, 0, 127.5, 255, (89 * 255) / 20))
  const deep = createChunk(new Uint16Array([0, 10, 20, 30, 99]), [1, 1, 5])
  assert.is((await apply(normalizeSectionShang, {}, { chunk: deep })).data[3], 65535)
})

test('normalize-section-shang: channels are apart; floats need a maximum', async () => {
  const two = createChunk(new Float32Array([0, 1, 2, 9, 0, 3, 7, 9]), [2, 1, 1, 4])
  const stretched = await apply(normalizeSectionShang, { nominalmax: 1 }, { chunk: two })
  assert.equal([...stretched.data], [-1, 0, 1, 8, -0.75, 0, 1, 1.5])
  assert.is(await codeOf(() => apply(normalizeSectionShang, {}, { chunk: two })), 'flag-missing')
  assert.is(
    await codeOf(() => apply(normalizeSectionShang, { nominalmin: 300 }, { chunk: bytes(1) })),
    'flag-invalid',
  )
})

test('quantize: truncates 255 v; of affinities the mean of x and y, or z', async () => {
  const image = await apply(quantize, {}, { chunk: floats(0, 0.5, 0.999, 1) })
  assert.equal([...image.data], [0, 127, 254, 255])
  assert.equal([image.layerType, image.layerTypeDeclared], ['image', true])
  const affinity = createChunk(new Float32Array([0.2, 1, 0.4, 1, 0.9, 0.1]), [3, 1, 1, 2])
  assert.equal([...(await apply(quantize, {}, { chunk: affinity })).data], [76, 255])
  assert.equal([...(await apply(quantize, { mode: 'z' }, { chunk: affinity })).data], [229, 25])
  const outside = createChunk(new Float32Array([1.5, -1, 0, 0, 2, -0.5]), [3, 1, 1, 2])
  assert.equal([...(await apply(quantize, { mode: 'z' }, { chunk: outside })).data], [255, 0])
  assert.is(await codeOf(() => apply(quantize, {}, { chunk: bytes(0) })), 'image-dtype')
  assert.is(await codeOf(() => apply(quantize, {}, { chunk: floats(1.5) })), 'image-dtype')
})

test('quantize gives bytes back that were divided by 255', async () => {
  const all = bytes(...Array.from({ length: 256 }, (_, value) => value))
  const map = floats(...Array.from(all.data as Uint8Array, (value) => value / 255))
  assert.equal((await apply(quantize, {}, { chunk: map })).data, all.data)
})

test('statistics prints ids of labels, the range and mean of images', async () => {
  const lines = async (data: Parameters<typeof createChunk>[0], dtype?: Dtype) => {
    const chunk = createChunk(data, [1, 1, data.length], dtype === undefined ? {} : { dtype })
    const services = { compute: inlineCompute() }
    return (await runOperator(statistics, { variables: { chunk }, services })).messages.result
  }
  assert.equal(await lines(new BigUint64Array([0n, 2n ** 64n - 1n, 7n, 7n])), [
    '2 objects with min id 7 and max id 18446744073709551615',
  ])
  assert.equal(await lines(new Int32Array([3, -5, 0, 12])), ['3 objects with min id -5 and max id 12'])
  assert.equal(await lines(new Uint32Array(4)), ['0 objects'])
  assert.equal(await lines(new Uint8Array([1, 2, 6])), ['min 1, max 6, mean 3'])
  assert.equal(await lines(Uint16Array.of(numberToFloat16(0.5), numberToFloat16(-2)), 'float16'), [
    'min -2, max 0.5, mean -0.75',
  ])
})

test.run()
