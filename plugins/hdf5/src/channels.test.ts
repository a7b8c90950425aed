import { refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseChannels, selectChannels } from './channels.js'

const test = suite('channels')

test('numbers, lists and ranges as Python reads them', () => {
  const resolved = (text: string, count: number) => parseChannels(text).resolve(count)
  assert.equal(resolved('2', 4), [2])
  assert.equal(resolved('-1', 4), [3])
  assert.equal(resolved('[0, 2]', 4), [0, 2])
  assert.equal(resolved('(3,)', 4), [3])
  assert.equal(resolved('0:2', 4), [0, 1])
  assert.equal(resolved('1:', 4), [1, 2, 3])
  assert.equal(resolved(':-1', 4), [0, 1, 2])
  assert.equal(resolved('slice(0,2)', 4), [0, 1])
  assert.equal(resolved('slice(None, 3)', 2), [0, 1])
  assert.equal(resolved('slice(3)', 4), [0, 1, 2])
  assert.equal(
    ['1', '[1]', '1:2', 'slice(1,2)'].map((text) => parseChannels(text).single),
    [true, false, false, false],
  )
})

test('everything unless selected; nothing else than what is there', async () => {
  assert.equal(selectChannels([3, 5, 9, 14], undefined, 'a.h5'), [0, 1, 2])
  assert.equal(selectChannels([5, 9, 14], undefined, 'a.h5'), [0])
  assert.match(await refusal(() => selectChannels([5, 9, 14], parseChannels('0'), 'a.h5')), 'no channel axis')
  assert.match(await refusal(() => selectChannels([3, 5, 9, 14], parseChannels('3'), 'a.h5')), 'from 0 to 2')
  assert.match(
    await refusal(() => selectChannels([3, 5, 9, 14], parseChannels('2:2'), 'a.h5')),
    'selects none',
  )
  assert.match(await refusal(() => parseChannels('0;2')), 'hdf5-options')
})

test.run()
