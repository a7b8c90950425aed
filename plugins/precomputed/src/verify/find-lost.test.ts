import { boxFromSize, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BlockCensus } from '../volume/block-census.js'
import { blockSet } from '../volume/block-set.js'
import { countLacking, findLost } from './find-lost.js'

const test = suite('lost blocks')

/** Nothing stored but the first block. */
function census(size: readonly [number, number, number], blockSize: readonly [number, number, number]) {
  const layout = { box: boxFromSize(zyx(7, -3, 11), zyx(...size)), blockSize: zyx(...blockSize) }
  const stored = blockSet(layout)
  stored.add(zyx(0, 0, 0))
  return { layout, stored } as unknown as BlockCensus
}
const { signal } = new AbortController()

test('cells of another size than blocks are told whole, in scan order', async () => {
  // 2 x 2 x 3 blocks; cells of 3 x 4 x 9 voxels
  const small = census([4, 6, 12], [2, 3, 4])
  const done = boxFromSize(zyx(7, -3, 15), zyx(2, 3, 8))
  const { blank, lost, cells } = await findLost(small, [done], zyx(3, 4, 9), signal)
  assert.equal([blank, lost], [2, 9])
  assert.equal(
    cells.map(({ start }) => [...start]),
    [7, 10].flatMap((z) => [-3, 1].flatMap((y) => [11, 20].map((x) => [z, y, x]))),
  )
  assert.equal(cells.at(-1), boxFromSize(zyx(10, 1, 20), zyx(3, 4, 9)))
})

test('blocks that a box lacks: those that lie in it whole count', () => {
  const small = census([4, 6, 12], [2, 3, 4])
  assert.is(countLacking(small, boxFromSize(zyx(7, -3, 11), zyx(2, 3, 4))), 0)
  assert.is(countLacking(small, boxFromSize(zyx(7, -3, 11), zyx(2, 3, 7))), 0)
  assert.is(countLacking(small, boxFromSize(zyx(7, -3, 11), zyx(2, 6, 8))), 3)
  assert.is(countLacking(small, boxFromSize(zyx(0, 0, 0), zyx(2, 3, 8))), 0)
})

test('a signal stops it among the blocks of a large volume', async () => {
  const controller = new AbortController()
  setImmediate(() => controller.abort(new Error('stopped')))
  const large = census([128, 128, 64], [1, 1, 1])
  const looking = findLost(large, [], zyx(128, 128, 64), controller.signal)
  assert.is(await looking.then(String, (error: Error) => error.message), 'stopped')
})

test.run()
