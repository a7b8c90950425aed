import type { ChunkflowError } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readKeywords } from './keywords.js'

const test = suite('keywords')

const refusal = (args: string, extra = {}): ChunkflowError => {
  try {
    readKeywords(args, extra)
  } catch (error) {
    return error as ChunkflowError
  }
  throw new Error(`accepted ${args}`)
}

test('splits pairs at semicolons outside quotes', () => {
  assert.equal(readKeywords('size=(3,1,1); mode=reflect ;', {}), [
    { name: 'size', text: '(3,1,1)' },
    { name: 'mode', text: 'reflect' },
  ])
  assert.equal(readKeywords(`a="x;y=z";b=it's;c=('p;q', 1)`, {}), [
    { name: 'a', text: '"x;y=z"' },
    { name: 'b', text: "it's" },
    { name: 'c', text: "('p;q', 1)" },
  ])
})

test('passes text without pairs, and JSON, whole', () => {
  for (const text of ['encoded parameter string', '{"query": "a=b;c=d"}', ' [1, "x=y"]', ''])
    assert.equal(readKeywords(text, {}), [{ name: 'args', value: text }])
  assert.equal(readKeywords(undefined, {}), [])
})

test('takes unknown flags as keywords', () => {
  assert.equal(readKeywords('a=1', { 'aff-threshold-low': '0.001', count: 3 }), [
    { name: 'a', text: '1' },
    { name: 'aff_threshold_low', text: '0.001' },
    { name: 'count', value: 3 },
  ])
})

test('refuses what is no argument', () => {
  assert.match(refusal('size=3;reflect').what, '"reflect" in --args has no value')
  assert.match(refusal('3x=1').what, '"3x" cannot be the name')
  assert.match(refusal('a=1;a=2').what, '"a" is given twice')
  assert.is(refusal('a_b=1', { 'a-b': '2' }).code, 'plugin-arguments')
})

test.run()
