import { createChunk } from '@chunkflow/kernel/authoring'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inlineCompute } from '../testing/inline-compute.js'
import { remapLabels } from './remap-labels.js'
import { keepLabels, removeLabels } from './select-labels.js'
import { uniqueLabels } from './unique-labels.js'

const test = suite('label selection')

test('keeps and removes 64-bit ids exactly', () => {
  const big = 2n ** 53n
  const chunk = createChunk(new BigUint64Array([big, big + 1n, 0n, 7n, 7n, big]), [1, 2, 3], {
    voxelOffset: [1, 2, 3],
  })
  const kept = keepLabels(chunk, new Set([big + 1n, 7n, 99n]))
  assert.equal([...kept.data], [0n, big + 1n, 0n, 7n, 7n, 0n])
  assert.equal([kept.voxelOffset, kept.dtype, kept.layerType], [[1, 2, 3], 'uint64', 'segmentation'])
  assert.equal([...removeLabels(chunk, new Set([big, -1n])).data], [0n, big + 1n, 0n, 7n, 7n, 0n])
  assert.is(chunk.data[0], big)
})

test('takes negative ids as they are and as uniqueLabels gives them', async () => {
  const chunk = createChunk(new Int16Array([-2, 3, -2, -32768]), [1, 1, 4])
  assert.equal([...removeLabels(chunk, new Set([-2n])).data], [0, 3, 0, -32768])
  const { ids } = await uniqueLabels(chunk.data, chunk.dtype, { compute: inlineCompute() })
  assert.equal([...keepLabels(chunk, new Set(ids)).data], [...chunk.data])
})

test('ignores ids that the dtype cannot hold', () => {
  const chunk = createChunk(new Uint8Array([0, 1, 255, 2]), [1, 1, 4])
  assert.equal([...keepLabels(chunk, new Set([257n, -1n, 2n])).data], [0, 0, 0, 2])
})

test('replaces labels as a map does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 6n }), { maxLength: 60 }),
      fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 6n }), fc.bigInt({ min: 0n, max: 9n }))),
      fc.constantFrom('keep', 'zero') as fc.Arbitrary<'keep' | 'zero'>,
      fc.constantFrom(1n, 2n ** 32n),
      (labels, pairs, missing, unit) => {
        const map = new Map(pairs.map(([from, to]) => [from * unit, to * unit]))
        const data = BigUint64Array.from(labels, (label) => label * unit)
        const expected = [...data].map((label) => map.get(label) ?? (missing === 'keep' ? label : 0n))
        assert.equal([...remapLabels(data, 'uint64', map, missing)], expected)
        if (unit > 1n) return
        const narrow = remapLabels(Uint16Array.from(labels, Number), 'uint16', map, missing)
        assert.equal([...narrow], expected.map(Number))
      },
    ),
  )
})

test('refuses a replacement that does not fit', () => {
  try {
    remapLabels(new Uint8Array([1]), 'uint8', new Map([[1n, 256n]]))
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'dtype-unsupported')
  }
})

test.run()
