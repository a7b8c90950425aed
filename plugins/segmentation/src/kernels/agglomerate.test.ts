import { allocate, type Zyx } from '@chunkflow/sdk'
import { inlineCompute, seededRandom } from '@chunkflow/sdk/testing'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { referenceAgglomeration } from '../testing/reference.js'
import { affinityChannels } from './affinity-channels.js'
import { agglomerate } from './agglomerate.js'
import { renumber } from './renumber.js'

const test = suite('agglomerate kernel')
const compute = inlineCompute()

/** Agglomerates fragments with 64-bit ids. @param affinity channels x, y, z */
async function merge(
  affinity: Float32Array,
  size: Zyx,
  ids: readonly bigint[],
  threshold: number,
  slabBytes = 2 ** 20,
): Promise<bigint[]> {
  const fragments = await renumber(BigUint64Array.from(ids), 'uint64', { compute })
  return [...(await agglomerate(affinity, size, fragments, threshold, { compute, slabBytes }))]
}

test('merges by mean affinity, strictly below the threshold', async () => {
  // two rows of three voxels; between 1 and 2 the mean is 0.625, between 2 and 3 it is 0.375
  const affinity = new Float32Array(18)
  affinity.set([0, 0.75, 0.5, 0, 0.5, 0.25])
  const ids = [1n, 2n, 3n, 1n, 2n, 3n]
  const merged = (threshold: number) => merge(affinity, [1, 2, 3], ids, threshold)
  assert.equal(await merged(0.375), ids)
  assert.equal(await merged(0.376), [1n, 1n, 3n, 1n, 1n, 3n])
  assert.equal(await merged(0.625), [1n, 1n, 3n, 1n, 1n, 3n])
  assert.equal(await merged(0.626), [1n, 1n, 1n, 1n, 1n, 1n])
})

test('scores are 32-bit floats: 1 - 0.3 is not below 0.7', async () => {
  const affinity = new Float32Array(6)
  affinity[1] = 0.3
  assert.equal(await merge(affinity, [1, 1, 2], [1n, 2n], 0.7), [1n, 2n])
  assert.equal(await merge(affinity, [1, 1, 2], [1n, 2n], 0.7001), [1n, 1n])
})

test('edges to a common neighbour are combined by their faces', async () => {
  // 7 above three voxels of 5 in one column, 6 beside all four: 7-5 0.9, 7-6 one face of 0.2, 5-6 three of 0.6
  const size: Zyx = [1, 4, 2]
  const affinity = new Float32Array(24)
  affinity.set([0, 0.2, 0, 0.6, 0, 0.6, 0, 0.6])
  affinity[8 + 2] = 0.9
  const ids = [7n, 6n, 5n, 6n, 5n, 6n, 5n, 6n]
  // 1 - (0.2 + 3 * 0.6) / 4 = 0.5
  assert.equal(await merge(affinity, size, ids, 0.5), [5n, 6n, 5n, 6n, 5n, 6n, 5n, 6n])
  assert.equal(await merge(affinity, size, ids, 0.51), new Array(8).fill(5n))
})

test('the specification step by step gives the same ids', async () => {
  const size: Zyx = [3, 5, 21]
  const voxels = 3 * 5 * 21
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 2, max: 60 }),
      fc.constantFrom(0.2, 0.5, 0.7, 1),
      fc.constantFrom(1, 2 ** 20),
      async (seed, labels, threshold, slabBytes) => {
        const random = seededRandom(seed)
        const affinity = Float32Array.from({ length: 3 * voxels }, random)
        // ids beyond 53 bits whose order is not that of their first voxels; some background
        const ids = Array.from({ length: voxels }, () => {
          const label = BigInt(Math.floor(random() * labels))
          return label === 0n ? 0n : 2n ** 63n + ((label * 2654435761n) % 1000003n)
        })
        const expected = referenceAgglomeration(affinityChannels(affinity, size, 'xyz'), size, ids, threshold)
        assert.equal(await merge(affinity, size, ids, threshold, slabBytes), expected)
      },
    ),
    { numRuns: 60, seed: 3 },
  )
})

test('a region with very many neighbours', async () => {
  // one region over the whole first section, 10 000 single voxels behind it that do not touch each other
  const size: Zyx = [2, 100, 200]
  const plane = 20_000
  const labels = allocate('uint32', 2 * plane) as Uint32Array
  const affinity = new Float32Array(6 * plane)
  let count = 1
  for (let voxel = 0; voxel < plane; voxel++) {
    labels[voxel] = 1
    if ((voxel + Math.floor(voxel / 200)) % 2 === 0) labels[plane + voxel] = ++count
    affinity[4 * plane + plane + voxel] = voxel % 3 === 0 ? 0.9 : 0.1
  }
  const result = await agglomerate(affinity, size, { labels, count }, 0.5, { compute })
  for (let voxel = 0; voxel < plane; voxel++) {
    const label = labels[plane + voxel]!
    assert.is(result[plane + voxel], label === 0 ? 0n : voxel % 3 === 0 ? 1n : BigInt(label))
  }
})

test.run()
