import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type BarState, formatBar, formatCount, formatLine, formatSeconds } from './format.js'

const test = suite('format')
const state: BarState = { label: 'inference', done: 53, total: 126, unit: 'patches', elapsedSeconds: 12.5 }
const plain = (width: number, more: Partial<BarState> = {}): string =>
  formatBar({ ...state, ...more }, { width, colour: false, unicode: false })

test('seconds and counts', () => {
  const seconds = [0, 4.24, 9.96, 59.4, 59.6, 185, 3599.7, 7385]
  assert.equal(seconds.map(formatSeconds), [
    '0.0 s',
    '4.2 s',
    '10 s',
    '59 s',
    '1:00',
    '3:05',
    '1:00:00',
    '2:03:05',
  ])
  const counts = [0, 0.25, 4.24, 42.4, 9999, 12345, 4e6, 3e9]
  assert.equal(counts.map(formatCount), ['0', '0.25', '4.2', '42', '9999', '12.3k', '4.0M', '3.0G'])
})

test('lines say count, rate and time to go', () => {
  assert.is(formatLine(state, false), 'inference: 53 of 126 patches, 4.2 a second, 17 s to go')
  assert.is(formatLine(state, true), 'inference: 53 of 126 patches in 13 s')
  const open = { ...state, total: undefined, unit: undefined }
  assert.is(formatLine(open, false), 'inference: 53, 4.2 a second')
  assert.is(formatLine({ ...state, done: 0 }, false), 'inference: 0 of 126 patches')
})

test('a bar leaves details out until it fits', () => {
  assert.is(plain(79), 'inference  ############-----------------   42%  53/126 patches  4.2/s  ETA 17 s')
  assert.is(plain(58), 'inference  ###-----   42%  53/126 patches  4.2/s  ETA 17 s')
  assert.is(plain(57), 'inference  ######--------   42%  53/126 patches  ETA 17 s')
  assert.is(plain(44), 'inference  #######----------   42%  ETA 17 s')
  assert.is(plain(30), 'inference  #####--------   42%')
  assert.is(plain(14), '42%  inference')
  assert.is(plain(8), '42%  ...')
})

test('a bar of unknown length shows the time', () => {
  assert.is(plain(79, { total: undefined }), 'inference  53 patches  4.2/s  13 s')
  assert.is(plain(79, { total: undefined, done: 0 }), 'inference  13 s')
})

test('nothing to do is done, more than all is all', () => {
  assert.match(plain(79, { total: 0, done: 0 }), '100%')
  assert.match(plain(79, { done: 500 }), '100%')
})

test('colour and blocks', () => {
  const bar = formatBar(state, { width: 79, colour: true, unicode: true })
  assert.match(bar, '\x1b[36m████████████\x1b[39m░')
})

test('fits whatever the width, and moves no cursor', () => {
  fc.assert(
    fc.property(
      fc.record({
        label: fc.string({ maxLength: 60 }),
        done: fc.nat({ max: 1e9 }),
        total: fc.option(fc.nat({ max: 1e9 }), { nil: undefined }),
        unit: fc.option(fc.constantFrom('voxels', 'patches'), { nil: undefined }),
        elapsedSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      }),
      fc.integer({ min: 1, max: 200 }),
      (any, width) => {
        const line = formatBar(any, { width, colour: false, unicode: false })
        return line.length <= width && !/\p{Cc}/u.test(line)
      },
    ),
  )
})

test.run()
