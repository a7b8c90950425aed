import { createChunk } from '@chunkflow/sdk'
import { askPython } from '@chunkflow/sdk/testing'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatExactJson, parseExactJson } from './exact-json.js'

const test = suite('exact json')

test('integers beyond 2^53 are read as bigint, everything else as usual', () => {
  const text = `{"id": 18446744073709551615, "list": [-9007199254740993, 9007199254740991, 12345678901234567.5, 1e20],
    "text 9007199254740993": "say \\"9007199254740993\\" \\\\", "none": null}`
  assert.equal(parseExactJson(text), {
    id: 2n ** 64n - 1n,
    list: [-(2n ** 53n) - 1n, 9007199254740991, 12345678901234568, 1e20],
    'text 9007199254740993': 'say "9007199254740993" \\',
    none: null,
  })
  assert.is(parseExactJson('\uFEFF9007199254740993'), 9007199254740993n)
  assert.throws(() => parseExactJson('{"id": 9007199254740993'), SyntaxError)
})

test('but for rounding, everything is read as JSON.parse reads it', () => {
  const rounded = (value: unknown): unknown =>
    typeof value === 'bigint'
      ? Number(value)
      : typeof value !== 'object' || value === null
        ? value
        : Array.isArray(value)
          ? value.map(rounded)
          : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]))
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.equal(rounded(parseExactJson(text)), rounded(JSON.parse(text)))
    }),
  )
})

test('bigint, typed arrays, sets, maps and chunks have a form', () => {
  const value = {
    ids: new Set([1n, 2n ** 64n - 1n]),
    scores: Float32Array.of(0.5, Number.NaN),
    sizes: new Map([[5n, 7]]),
    chunk: createChunk(new Uint8Array(8), [2, 2, 2]),
  }
  assert.equal(JSON.parse(formatExactJson(value)!), {
    ids: ['1', '18446744073709551615'],
    scores: [0.5, null],
    sizes: { 5: 7 },
    chunk: { shape: [2, 2, 2], dtype: 'uint8', voxelOffset: [0, 0, 0], voxelSize: null, layerType: 'image' },
  })
  assert.is(formatExactJson(undefined), undefined)
})

test('ids that Python writes are exact', () => {
  const text = askPython([], 'import json; print(json.dumps({"ids": [2**64 - 1, 2**53 + 1, 7]}))')
  if (text === null) return
  assert.equal(parseExactJson(text), { ids: [2n ** 64n - 1n, 2n ** 53n + 1n, 7] })
})

test.run()
