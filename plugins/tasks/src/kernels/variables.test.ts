import {
  allocate,
  boxFromSize,
  createChunk,
  DTYPE_NAMES,
  type Dtype,
  emptyChunk,
  isBigDtype,
  isBoundingBox,
  zyx,
} from '@chunkflow/sdk'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isAllZero } from './all-zero.js'
import { deepCopy } from './deep-copy.js'

const test = suite('variables')

test('one voxel of any type, anywhere, makes a chunk not all zero', () => {
  const dtype = fc.constantFrom(...(DTYPE_NAMES as readonly Dtype[]))
  const length = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(dtype, length, fc.nat(), fc.nat({ max: 3 }), (type, count, position, skipped) => {
      // a view that begins anywhere in its buffer
      const data = allocate(type, count + skipped).subarray(skipped)
      const chunk = createChunk(data, [1, 1, count], { dtype: type })
      if (!isAllZero(chunk)) return false
      data[position % count] = isBigDtype(type) ? 1n : 1
      return !isAllZero(chunk)
    }),
  )
})

test('negative zeros are zeros, NaN and the sign of integers are not', () => {
  assert.ok(isAllZero(createChunk(new Float32Array([0, -0]), [1, 1, 2])))
  assert.ok(isAllZero(createChunk(new Float64Array([-0]), [1, 1, 1])))
  assert.ok(isAllZero(createChunk(new Uint16Array([0x8000, 0, 0x8000]), [1, 1, 3], { dtype: 'float16' })))
  assert.not.ok(isAllZero(createChunk(new Uint16Array([0x8000, 0, 0x8000]), [1, 1, 3])))
  assert.not.ok(isAllZero(createChunk(new Float32Array([Number.NaN]), [1, 1, 1])))
  assert.not.ok(isAllZero(createChunk(new Int32Array([-(2 ** 31)]), [1, 1, 1])))
  assert.not.ok(isAllZero(createChunk(new BigUint64Array([2n ** 63n]), [1, 1, 1])))
  assert.ok(isAllZero(emptyChunk('uint8', [0, 3, 4])))
})

test('looks at more than 4 GiB', () => {
  // untouched pages of shared memory cost nothing to make, and little to read
  const bytes = 2 ** 32 + 2 ** 20
  const words = new Float32Array(new SharedArrayBuffer(bytes))
  const chunk = createChunk(words, [1, 1, bytes / 4], { layerType: 'unknown' })
  words[words.length - 1] = 1
  assert.not.ok(isAllZero(chunk))
})

test('a deep copy shares nothing and keeps brands, freezing and shared memory', () => {
  const box = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))
  const shared = new Int32Array(new SharedArrayBuffer(12)).fill(3)
  const original = {
    box,
    pre: shared,
    part: new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
    skeletons: new Map([[5n, { points: new Float32Array([1.5]) }]]),
    users: new Set(['a']),
    chunks: [emptyChunk('uint8', [1, 2, 3])],
    self: null as unknown,
  }
  original.self = original
  const copy = deepCopy(original)
  assert.ok(isBoundingBox(copy.box))
  assert.ok(Object.isFrozen(copy.box))
  assert.is.not(copy.pre.buffer, shared.buffer)
  assert.instance(copy.pre.buffer, SharedArrayBuffer)
  shared.fill(0)
  assert.equal([...copy.pre], [3, 3, 3])
  assert.equal([[...copy.part], copy.part.buffer.byteLength], [[2, 3], 2])
  assert.equal([...copy.skeletons.get(5n)!.points], [1.5])
  assert.ok(copy.users.has('a'))
  assert.is.not(copy.chunks[0]!.data, original.chunks[0]!.data)
  assert.is(copy.self, copy)
})

test.run()
