import { allocate } from '@chunkflow/kernel/authoring'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../testing/chunk-builders.js'
import { inlineCompute } from '../testing/inline-compute.js'
import { uniqueLabels, uniqueLabelsWithin } from './unique-labels.js'

const test = suite('unique labels')
const services = { compute: inlineCompute() }

test('keeps 64-bit ids that differ in their last bit apart', async () => {
  const big = 2n ** 63n
  const data = new BigUint64Array([0n, big + 1n, big + 1n, 5n, big, 0n, 5n, 2n ** 64n - 1n])
  const { ids, counts } = await uniqueLabels(data, 'uint64', services)
  assert.equal([...ids], [5n, big, big + 1n, 2n ** 64n - 1n])
  assert.equal([...counts], [2, 1, 2, 1])
})

test('gives negative values as unsigned words', async () => {
  const { ids, counts } = await uniqueLabels(new Int16Array([-2, 7, -2, 0, -1]), 'int16', services)
  assert.equal(
    [...ids].map((id) => BigInt.asIntN(64, id)),
    [7n, -2n, -1n],
  )
  assert.equal([...counts], [1, 2, 1])
})

test('counts bools and nothing', async () => {
  const { ids, counts } = await uniqueLabels(new Uint8Array([1, 0, 1]), 'bool', services)
  assert.equal([[...ids], [...counts]], [[1n], [2]])
  const none = await uniqueLabels(new Uint32Array(0), 'uint32', services)
  assert.is(none.ids.length, 0)
})

test('agrees with a map, also when it must count in parts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        dtype: fc.constantFrom('uint8', 'uint16', 'uint32', 'uint64') as fc.Arbitrary<'uint8'>,
        length: fc.integer({ min: 1, max: 6000 }),
        limit: fc.constantFrom(3, 200, 1e5, 2 ** 50),
        noise: fc.double({ min: 0, max: 1, noNaN: true }),
        seed: fc.integer(),
      }),
      async ({ dtype, length, limit, noise, seed }) => {
        const random = seededRandom(seed)
        const data = allocate(dtype, length)
        let label = 0
        for (let index = 0; index < length; index++) {
          if (random() < noise) label = Math.floor(random() * limit)
          data[index] = data instanceof BigUint64Array ? BigInt(label) : label
        }
        const expected = new Map<bigint, number>()
        for (const value of data) {
          const id = BigInt(value)
          if (id !== 0n) expected.set(id, (expected.get(id) ?? 0) + 1)
        }
        const { ids, counts } = await uniqueLabelsWithin(data, dtype, services, 1024)
        assert.equal(
          [...ids],
          [...expected.keys()].sort((left, right) => (left < right ? -1 : 1)),
        )
        assert.equal(
          [...counts],
          [...ids].map((id) => expected.get(id)),
        )
      },
    ),
  )
})

test('labels that share their low bits are counted in parts as well', async () => {
  const data = BigUint64Array.from({ length: 5000 }, (_, index) => BigInt(index + 1) << 40n)
  const { ids, counts } = await uniqueLabelsWithin(data, 'uint64', services, 1024)
  assert.equal(ids, data)
  assert.ok(counts.every((count) => count === 1))
})

test('refuses floats', async () => {
  try {
    await uniqueLabels(new Float32Array(3), 'float32', services)
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'dtype-unsupported')
  }
})

test.run()
