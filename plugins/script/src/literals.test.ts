import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Literal, readLiteral } from './literals.js'

const test = suite('literals')

test('reads numbers, words, quotes, lists and tuples', () => {
  const cases: readonly (readonly [string, Literal])[] = [
    ['3', 3],
    ['-2.5', -2.5],
    ['1e3', 1000],
    ['.5', 0.5],
    ['9007199254740993', 9007199254740993n],
    ['true', true],
    ['False', false],
    ['None', null],
    ['"a;b"', 'a;b'],
    ["'it'", 'it'],
    ['(3,1,1)', [3, 1, 1]],
    ['[1, "two", (3.5, none)]', [1, 'two', [3.5, null]]],
    ['()', []],
    ['(3)', 3],
    ['(3,)', [3]],
    ['[3]', [3]],
    [' 7 ', 7],
  ]
  for (const [text, value] of cases) assert.equal(readLiteral(text), value, text)
})

test('keeps everything else as text', () => {
  for (const text of [
    'reflect',
    '',
    '1 2',
    '(1,,2)',
    '(1',
    '[1)',
    "it's",
    '1e',
    'a(b)',
    '3,1',
    '(,)',
    '0x10',
    '"a" b',
  ])
    assert.is(readLiteral(text), text)
})

test.run()
