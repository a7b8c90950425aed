import { createChunk, type PlainArray, type Synapses, zyx } from '@chunkflow/sdk'
import { codeOf } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { synapseFolder } from '../testing/set-up.js'
import detectDuplicatePost from './detect-duplicate-post.js'
import findTbarObject from './find-tbar-object.js'

const test = suite('synapses and segments')
const here = synapseFolder()
test.after(() => here.remove())

const rows = (columns: number, values: readonly number[]): PlainArray => ({
  shape: [values.length / columns, columns],
  dtype: 'int32',
  data: Int32Array.from(values),
})
const SIZE = [4, 6, 80] as const
/** Segment 2^64 - 1 for x below 40, 7 from 60 on, background between. */
const seg = createChunk(
  BigUint64Array.from({ length: 4 * 6 * 80 }, (_, at) =>
    at % 80 < 40 ? 2n ** 64n - 1n : at % 80 < 60 ? 0n : 7n,
  ),
  SIZE,
  { voxelOffset: [7, -3, 11], layerType: 'segmentation' },
)

test('the segment of each presynapse is its exact id; 0 outside', async () => {
  const syns: Synapses = {
    pre: rows(3, [7, -3, 11, 10, 2, 90, 8, 0, 51, 8, 0, 91, 7, -4, 11]),
    post: null,
    resolution: zyx(40, 8, 4),
  }
  const { task, messages } = await here.run(findTbarObject, { segmentation: 'seg' }, { syns, seg })
  const { shape, dtype, data } = task.get<PlainArray>('ids')
  assert.equal([shape, dtype, [...data]], [[5], 'uint64', [2n ** 64n - 1n, 7n, 0n, 0n, 0n]])
  assert.match(messages.warn[0]!, '2 of 5')
  const map = createChunk(new Float32Array(1), [1, 1, 1])
  assert.is(await codeOf(here.run(findTbarObject, { segmentation: 'map' }, { syns, map })), 'synapses-labels')
})

test('postsynapses that are far, too many, or doubled go', async () => {
  const syns: Synapses = {
    pre: rows(3, [8, 0, 20, 8, 0, 60]),
    post: rows(4, [
      // 3 and 4: a distance of 5; the better confidence makes the far one cheaper
      ...[0, 8, -3, 24],
      ...[0, 8, 0, 26],
      ...[0, 8, 0, 29],
      // too far
      ...[0, 8, 0, 72],
      // in background: nothing is doubled there
      ...[1, 8, 0, 57],
      ...[1, 8, 0, 58],
      // in one segment with the third one, which is 9 from its own presynapse
      ...[1, 8, 0, 35],
    ]),
    resolution: zyx(40, 8, 4),
    postConfidence: new Float32Array([0.1, 0.9, 0.9, 1, 1, 1, 1]),
    postUsers: new Int32Array([0, 1, 2, 3, 4, 5, 6]),
  }
  const kept = async (options: Record<string, unknown>): Promise<number[]> => {
    const { task } = await here.run(detectDuplicatePost, options, { syns, seg })
    const { post, postUsers, postConfidence } = task.get<Synapses>('syns')
    assert.is(post!.shape[0], postUsers!.length)
    assert.is(postConfidence!.length, postUsers!.length)
    return [...postUsers!]
  }
  assert.equal(await kept({}), [0, 1, 2, 4, 5, 6])
  assert.equal(await kept({ maximumPosts: 2 }), [1, 2, 4, 5])
  assert.equal(await kept({ maximumDistance: 52 }), [0, 1, 2, 3, 4, 5, 6])
  assert.equal(await kept({ maximumDistance: 5 }), [0, 4, 5])
  // 0 (5 away) stays; 1 lies 3.6 and 2 5.8 from it; 6 lies 11.4 from it
  assert.equal(await kept({ segmentation: 'seg' }), [0, 4, 5, 6])
  assert.equal(await kept({ segmentation: 'seg', duplicateDistance: 5 }), [0, 2, 4, 5, 6])
  assert.equal(await kept({ segmentation: 'seg', duplicateDistance: 6 }), [0, 4, 5, 6])
  const none = { ...syns, post: null }
  const { task } = await here.run(detectDuplicatePost, {}, { syns: none })
  assert.is(task.get('syns'), none)
})

test.run()
