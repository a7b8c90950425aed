import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { groupFailures } from './failure-causes.js'

const test = suite('causes of failures')

test('reasons that differ in numbers are one cause, the most frequent first', () => {
  const causes = groupFailures([
    { body: 'a', reason: 'save-h5: the disk is full (file-denied)' },
    { body: 'b', reason: 'Block 0-64_0-64 is missing' },
    { body: 'c', reason: 'Block 64-128_0-64 is missing' },
  ])
  assert.equal(causes, [
    { reason: 'Block 0-64_0-64 is missing', bodies: ['b', 'c'] },
    { reason: 'save-h5: the disk is full (file-denied)', bodies: ['a'] },
  ])
  assert.equal(groupFailures([]), [])
})

test.run()
