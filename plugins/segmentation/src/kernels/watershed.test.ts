import type { Zyx } from '@chunkflow/sdk'
import { codeOf, inlineCompute } from '@chunkflow/sdk/testing'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { referenceWatershed } from '../testing/reference.js'
import { affinityChannels } from './affinity-channels.js'
import { requireSize, watershed } from './watershed.js'

const test = suite('watershed')
const compute = inlineCompute()

/** Basins of one row; `edges` are those between its voxels. */
async function basinsOfRow(edges: number[]): Promise<number[]> {
  const size: Zyx = [1, 1, edges.length + 1]
  const affinity = new Float32Array(3 * size[2])
  affinity.set(edges, 1)
  return [...(await watershed(affinity, size, 0.1, 0.95, { compute })).labels]
}

test('voxels drain along their strongest edge', async () => {
  assert.equal(await basinsOfRow([0.9, 0.8, 0.2, 0.7, 0.6]), [1, 1, 1, 2, 2, 2])
})

test('a voxel without an edge above low is background', async () => {
  assert.equal(await basinsOfRow([0.9, 0.1, 0.05, 0.3]), [1, 1, 0, 2, 2])
})

test('edges from high on always connect', async () => {
  assert.equal(await basinsOfRow([0.99, 0.96, 0.97]), [1, 1, 1, 1])
})

test('a plateau is shared out from its exits, by distance', async () => {
  assert.equal(await basinsOfRow([0.9, 0.5, 0.5, 0.5, 0.9]), [1, 1, 1, 2, 2, 2])
  // the voxel between both halves keeps the last of its pointers in the order -z -y -x +z +y +x
  assert.equal(await basinsOfRow([0.9, 0.5, 0.5, 0.5, 0.5, 0.9]), [1, 1, 1, 2, 2, 2, 2])
})

test('the specification step by step gives the same, whatever the size and the slabs', async () => {
  const sizes = fc.tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 37 }),
  )
  await fc.assert(
    fc.asyncProperty(
      sizes.chain((size) =>
        fc.record({
          size: fc.constant(size),
          // few values: plateaus everywhere
          values: fc.array(fc.integer({ min: 0, max: 6 }), {
            minLength: 3 * size[0] * size[1] * size[2],
            maxLength: 3 * size[0] * size[1] * size[2],
          }),
          channelOrder: fc.constantFrom('xyz' as const, 'zyx' as const),
          slabBytes: fc.constantFrom(1, 2 ** 20),
        }),
      ),
      async ({ size, values, channelOrder, slabBytes }) => {
        const affinity = Float32Array.from(values, (value) => value / 6)
        const found = await watershed(affinity, size, 1 / 6, 0.99, { compute, channelOrder, slabBytes })
        const expected = referenceWatershed(affinityChannels(affinity, size, channelOrder), size, 1 / 6, 0.99)
        assert.equal([...found.labels], [...expected])
        assert.is(found.count, Math.max(...expected))
      },
    ),
    { numRuns: 150, seed: 7 },
  )
})

test('an empty volume has no basins', async () => {
  assert.is((await watershed(new Float32Array(0), [0, 4, 5], 0.1, 0.9, { compute })).count, 0)
})

test('refuses what cannot work', async () => {
  const affinity = new Float32Array(3 * 2 * 3 * 20).fill(0.5)
  const run = (low: number, high: number, size: Zyx = [2, 3, 20]) =>
    codeOf(() => watershed(affinity, size, low, high, { compute }))
  assert.is(await run(0.9, 0.9), 'affinity-thresholds')
  assert.is(await run(0.1, 0.9, [2, 3, 21]), 'affinity-invalid')
  // the first section has no lower neighbour, so its value there means nothing
  affinity[2 * 120 + 7] = Number.NaN
  assert.is(await run(0.1, 0.9), 'accepted')
  affinity[2 * 120 + 67] = Number.NaN
  assert.is(await run(0.1, 0.9), 'affinity-nan')
  assert.is(await codeOf(() => requireSize([1024, 1024, 1024])), 'segmentation-too-large')
  assert.is(await codeOf(() => requireSize([512, 1024, 1024])), 'accepted')
})

test.run()
