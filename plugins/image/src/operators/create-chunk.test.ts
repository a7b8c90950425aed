import { codeOf } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { apply, counts, total } from '../testing/apply.js'
import createChunk from './create-chunk.js'

const test = suite('create-chunk')

test('the wave has the values of the specification', async () => {
  const wave = await apply(createChunk, {})
  assert.equal([...wave.data.slice(0, 8)], [0, 16, 32, 48, 64, 79, 94, 109])
  const at = (z: number, y: number, x: number) => wave.data[(z * 64 + y) * 64 + x]
  assert.equal([at(0, 0, 63), at(63, 63, 63), at(32, 32, 32), at(1, 2, 3)], [192, 136, 47, 94])
  const values = wave.data as Uint8Array
  assert.equal([Math.min(...values.slice(0, 64)), values.indexOf(255), values.includes(254)], [0, -1, true])
  assert.is(total(wave), 42595554)
  assert.equal([wave.dtype, wave.layerType, wave.voxelSize], ['uint8', 'image', [1, 1, 1]])
  assert.is(total(await apply(createChunk, { size: [36, 448, 448] })), 1173946388)
})

test('the wave of floats is |sin|, on every axis alike; one voxel is at 0', async () => {
  const size = [3, 4, 5] as const
  for (const dtype of ['float32', 'float64']) {
    const wave = await apply(createChunk, { size, dtype })
    assert.is(wave.dtype, dtype)
    wave.data.forEach((value: number | bigint, index: number) => {
      const [z, y, x] = [Math.floor(index / 20), Math.floor(index / 5) % 4, index % 5]
      const expected = Math.abs(Math.sin(4 * (z / 2 + y / 3 + x / 4)))
      assert.ok(Math.abs((value as number) - expected) < (dtype === 'float32' ? 1e-7 : 1e-14))
    })
  }
  const row = await apply(createChunk, { size: [1, 1, 3], dtype: 'float64' })
  assert.ok(Math.abs((row.data[1] as number) - Math.abs(Math.sin(2))) < 1e-15)
  assert.equal([...(await apply(createChunk, { size: [1, 1, 1] })).data], [0])
})

test('labels are the components of the crests, in the dtype asked for', async () => {
  for (const dtype of ['uint16', 'uint32', 'uint64']) {
    const labels = await apply(createChunk, { dtype })
    assert.equal([labels.dtype, labels.layerType], [dtype, 'segmentation'])
    assert.equal(counts(labels), [86897, 13079, 84584, 71039, 6545])
  }
  const large = await apply(createChunk, { dtype: 'uint32', size: [128, 128, 128] })
  assert.equal(counts(large).slice(1), [101371, 676621, 568288, 50116])
})

test('random is repeatable with a seed; floats lie in [0, 1), bytes below 255, labels are components', async () => {
  const noise = (seed: number, dtype = 'uint8') =>
    apply(createChunk, { pattern: 'random', seed, dtype, size: [9, 10, 11] })
  assert.equal((await noise(3)).data, (await noise(3)).data)
  assert.not.equal((await noise(3)).data, (await noise(4)).data)
  const bytes = [...(await noise(3)).data] as number[]
  assert.ok(new Set(bytes).size > 200 && Math.max(...bytes) <= 254)
  const floats = [...(await noise(3, 'float32')).data] as number[]
  assert.ok(new Set(floats).size > 900 && floats.every((value) => value >= 0 && value < 1))
  const labels = await noise(3, 'uint64')
  assert.is(labels.dtype, 'uint64')
  assert.is(new Set(labels.data as BigUint64Array).size - 1, Number((labels.data as BigUint64Array).at(-1)))
  const free = () => apply(createChunk, { pattern: 'random', size: [4, 5, 6] })
  assert.not.equal((await free()).data, (await free()).data)
})

test('zero is zero; place and voxel size are kept', async () => {
  const place = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] }
  const zero = await apply(createChunk, { pattern: 'zero', dtype: 'float64', size: [3, 4, 5], ...place })
  assert.equal(counts(zero), [60])
  assert.equal(
    [zero.shape, zero.voxelOffset, zero.voxelSize],
    [
      [3, 4, 5],
      [7, -3, 11],
      [40, 8, 4],
    ],
  )
})

test('refuses an empty size and other element types', async () => {
  assert.is(await codeOf(() => apply(createChunk, { size: [0, 4, 4] })), 'flag-invalid')
  assert.is(await codeOf(() => apply(createChunk, { dtype: 'int8' })), 'flag-invalid')
})

test.run()
