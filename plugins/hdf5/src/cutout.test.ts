import { boundingBox, formatBox, zyx } from '@chunkflow/sdk'
import { refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CutoutOptions, insideOf, requestedBox, wantedBox } from './cutout.js'

const test = suite('cutout')
const whole = boundingBox(zyx(7, -3, 11), zyx(12, 6, 25))
const task = boundingBox(zyx(8, 0, 12), zyx(10, 2, 14))
const options = (given: Partial<CutoutOptions>): CutoutOptions => ({
  cutoutStart: undefined,
  cutoutStop: undefined,
  cutoutSize: undefined,
  ...given,
})
const wanted = (given: Partial<CutoutOptions>, box = task) => formatBox(wantedBox(whole, options(given), box))

test("explicit options, else the task's box, else everything", () => {
  assert.is(wanted({}), '8-10_0-2_12-14')
  assert.is(formatBox(wantedBox(whole, options({}), undefined)), '7-12_-3-6_11-25')
  assert.is(wanted({ cutoutStart: zyx(9, 1, 13) }), '9-12_1-6_13-25')
  assert.is(wanted({ cutoutStop: zyx(9, 1, 13) }), '7-9_-3-1_11-13')
  assert.is(wanted({ cutoutSize: zyx(1, 2, 3) }), '7-8_-3--1_11-14')
})

test('a size wins over a stop, and a negative one means to the end', () => {
  assert.is(
    wanted({ cutoutStart: zyx(8, 0, 20), cutoutStop: zyx(9, 9, 21), cutoutSize: zyx(-1, 2, -1) }),
    '8-12_0-2_20-25',
  )
})

test('the box is known before the file when all its ends are', () => {
  const requested = (given: Partial<CutoutOptions>) => requestedBox(options(given), task)
  assert.is(requested({}), task)
  assert.is(formatBox(requested({ cutoutStart: zyx(0, 0, 0), cutoutSize: zyx(1, 2, 3) })!), '0-1_0-2_0-3')
  assert.is(formatBox(requested({ cutoutStart: zyx(0, 0, 0), cutoutStop: zyx(1, 2, 3) })!), '0-1_0-2_0-3')
  assert.is(requested({ cutoutStart: zyx(0, 0, 0) }), undefined)
  assert.is(requested({ cutoutStart: zyx(0, 0, 0), cutoutSize: zyx(1, -1, 1) }), undefined)
  assert.is(requested({ cutoutSize: zyx(1, 1, 1) }), undefined)
})

test('a cutout ends with its array but does not begin before it', async () => {
  const inside = (start: readonly number[], stop: readonly number[]) =>
    insideOf(boundingBox(start as never, stop as never), whole, 'a.h5')
  assert.is(formatBox(inside([8, 0, 20], [100, 3, 100])), '8-12_0-3_20-25')
  assert.match(await refusal(() => inside([6, 0, 20], [9, 1, 21])), 'chunk-outside: Box 6-9_0-1_20-21 is not')
  assert.match(await refusal(() => inside([12, 0, 20], [13, 1, 21])), 'covers 7-12_-3-6_11-25')
})

test.run()
