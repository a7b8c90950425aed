import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createBlockCache } from './block-cache.js'

const test = suite('block cache')

/** Bytes of one entry of these tests: 1000 voxels and its own cost. */
const ENTRY = 1256
const blockOf = (value: number): Uint8Array => new Uint8Array(1000).fill(value)

test('loads a block once, for all who ask at the same time', async () => {
  const cache = createBlockCache()
  cache.reserve(ENTRY)
  let loads = 0
  const load = async (): Promise<Uint8Array> => {
    loads += 1
    return blockOf(7)
  }
  const [first, second] = await Promise.all([cache.get('a', load), cache.get('a', load)])
  assert.is(first, second)
  assert.is(await cache.get('a', load), first)
  assert.is(loads, 1)
})

test('the least recently used block makes room; what is absent is known as well', async () => {
  const cache = createBlockCache()
  cache.reserve(10)
  cache.reserve(2 * ENTRY)
  cache.reserve(20)
  const loaded: string[] = []
  const get = (key: string) =>
    cache.get(key, async () => {
      loaded.push(key)
      return key === 'none' ? null : blockOf(1)
    })
  for (const key of ['a', 'b', 'a', 'c', 'a', 'c']) await get(key)
  assert.equal(loaded, ['a', 'b', 'c'])
  await get('b')
  assert.equal(loaded, ['a', 'b', 'c', 'b'])
  assert.is(await get('none'), null)
  assert.is(await get('none'), null)
  assert.equal(loaded.slice(4), ['none'])
})

test('without a limit nothing stays, and a failure is not kept', async () => {
  const cache = createBlockCache()
  let loads = 0
  const load = async () => {
    loads += 1
    if (loads === 3) throw new Error('gone')
    return blockOf(loads)
  }
  await cache.get('a', load)
  await cache.get('a', load)
  assert.is(loads, 2)
  cache.reserve(ENTRY)
  await cache.get('a', load).then(
    () => assert.unreachable(),
    () => {},
  )
  assert.is((await cache.get('a', load))?.[0], 4)
})

test('a block that is written is forgotten, also while it is being read', async () => {
  const cache = createBlockCache()
  cache.reserve(4 * ENTRY)
  assert.is((await cache.get('a', async () => blockOf(1)))?.[0], 1)
  cache.forget('a')
  let finish = (_: Uint8Array): void => {}
  const slow = cache.get('a', () => new Promise((resolve) => (finish = resolve)))
  cache.forget('a')
  finish(blockOf(2))
  assert.is((await slow)?.[0], 2)
  assert.is((await cache.get('a', async () => blockOf(3)))?.[0], 3)
  await cache.get('file#1', async () => blockOf(4))
  cache.forgetAll('file')
  assert.is((await cache.get('file#1', async () => blockOf(5)))?.[0], 5)
  assert.is((await cache.get('a', async () => blockOf(6)))?.[0], 3)
})

test.run()
