import type { Zyx } from '@chunkflow/sdk'
import { inlineCompute, seededRandom } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openRegionGraph } from './region-graph.js'

const test = suite('region graph')
const compute = inlineCompute()

/** Pairs of labels, the lower one first, by looking at every face. */
function pairsOf(labels: Uint32Array, [depth, height, width]: Zyx): Set<string> {
  const pairs = new Set<string>()
  const at = (z: number, y: number, x: number): number => labels[(z * height + y) * width + x]!
  const add = (one: number, other: number): void => {
    if (one !== 0 && other !== 0 && one !== other) pairs.add([one, other].sort((a, b) => a - b).join())
  }
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        if (z > 0) add(at(z, y, x), at(z - 1, y, x))
        if (y > 0) add(at(z, y, x), at(z, y - 1, x))
        if (x > 0) add(at(z, y, x), at(z, y, x - 1))
      }
  return pairs
}

test('finds all pairs that share a face, many more than it makes room for at first', async () => {
  const size: Zyx = [17, 40, 51]
  const count = 300
  const random = seededRandom(2)
  const labels = Uint32Array.from({ length: 17 * 40 * 51 }, () => Math.floor(random() * (count + 1)))
  for (const slabBytes of [1, 2 ** 20]) {
    const graph = await openRegionGraph({ labels, count }, undefined, size, { compute, slabBytes })
    const ends = await graph.pairs()
    await graph.close()
    const found = new Set<string>()
    for (let index = 0; index < ends.length; index += 2)
      found.add([ends[index]!, ends[index + 1]!].sort((a, b) => a - b).join())
    assert.is(found.size, ends.length / 2, 'no pair comes twice')
    assert.ok(found.size > 30_000)
    assert.equal(found, pairsOf(labels, size))
  }
})

test.run()
