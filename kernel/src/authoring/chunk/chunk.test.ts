import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isChunkflowError } from '../errors/index.js'
import {
  arithmetic,
  astype,
  blendPatch,
  boxFromSize,
  type Chunk,
  compare,
  createChunk,
  cropMargin,
  cutout,
  DTYPE_NAMES,
  emptyChunk,
  float16ToNumber,
  formatBox,
  inferLayerType,
  numberToFloat16,
  parseBox,
  promoteDtypes,
  savePatch,
  transposeChunk,
  zyx,
} from './index.js'

const test = suite('chunk')

const refuses = (action: () => unknown, code: string): void => {
  try {
    action()
  } catch (error) {
    assert.ok(isChunkflowError(error), String(error))
    assert.is(error.code, code)
    return
  }
  assert.unreachable(`expected ${code}`)
}

const values = (chunk: Chunk): number[] => Array.from(chunk.data as Float32Array, Number)

/** 2×3×4 with voxel value 100z + 10y + x at offset 5 -2 7. */
function addressed(): Chunk {
  const data = new Uint16Array(24)
  let index = 0
  for (let z = 0; z < 2; z++)
    for (let y = 0; y < 3; y++) for (let x = 0; x < 4; x++) data[index++] = 100 * z + 10 * y + x
  return createChunk(data, [2, 3, 4], { voxelOffset: [5, -2, 7], voxelSize: [40, 8, 4] })
}

test('cuts out by global coordinates', () => {
  const part = cutout(addressed(), boxFromSize(zyx(6, -1, 8), zyx(1, 2, 2)))
  assert.equal(values(part), [111, 112, 121, 122])
  assert.equal(part.voxelOffset, [6, -1, 8])
  assert.equal(part.voxelSize, [40, 8, 4])
  refuses(() => cutout(addressed(), boxFromSize(zyx(4, -2, 7), zyx(1, 1, 1))), 'chunk-outside')
})

test('cuts all channels of a 4-D chunk', () => {
  const chunk = createChunk(
    Uint8Array.from({ length: 16 }, (_, index) => index),
    [2, 2, 2, 2],
  )
  assert.equal(values(cutout(chunk, boxFromSize(zyx(1, 0, 1), zyx(1, 2, 1)))), [5, 7, 13, 15])
})

test('blends where patches overlap and drops the rest', () => {
  const chunk = emptyChunk('float32', [1, 1, 2, 3], { voxelOffset: [0, 10, 10] })
  const patch = createChunk(Float32Array.from([1, 2, 3, 4, 9, 9, 9, 9]), [2, 1, 2, 2], {
    voxelOffset: [0, 9, 12],
  })
  blendPatch(chunk, patch)
  blendPatch(chunk, patch)
  assert.equal(values(chunk), [0, 0, 6, 0, 0, 0])
})

test('saves a patch at its place', () => {
  const chunk = emptyChunk('uint16', [2, 3, 4], { voxelOffset: [5, -2, 7] })
  savePatch(chunk, cutout(addressed(), boxFromSize(zyx(5, 0, 9), zyx(2, 1, 2))))
  assert.equal(values(chunk), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 22, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 122, 123])
})

test('crops margins of three or six values', () => {
  const cropped = cropMargin(addressed(), [1, 0, 1, 0, 2, 1])
  assert.equal(values(cropped), [101, 102])
  assert.equal(cropped.voxelOffset, [6, -2, 8])
  refuses(() => cropMargin(addressed(), [1, 0, 0]), 'chunk-outside')
})

test('transposes axes, offset and voxel size', () => {
  const turned = transposeChunk(addressed())
  assert.equal(turned.shape, [4, 3, 2])
  assert.equal(turned.voxelOffset, [7, -2, 5])
  assert.equal(turned.voxelSize, [4, 8, 40])
  assert.equal(values(turned).slice(0, 4), [0, 100, 10, 110])
})

test('infers layer types in the order of the specification', () => {
  const voxel = [1, 1, 1]
  assert.is(inferLayerType(new Uint8Array(1), voxel, 'uint8'), 'image')
  assert.is(inferLayerType(new Uint8Array(1), voxel, 'bool'), 'segmentation')
  assert.is(inferLayerType(new Int16Array(1), voxel, 'int16'), 'segmentation')
  assert.is(inferLayerType(new Float32Array(3), [3, 1, 1, 1], 'float32'), 'probability_map')
  assert.is(inferLayerType(new Float32Array([2, 0, 0]), [3, 1, 1, 1], 'float32'), 'affinity_map')
  assert.is(inferLayerType(new Float32Array([Number.NaN]), voxel, 'float32'), 'unknown')
  assert.is(inferLayerType(new Uint8Array(1), [1, 1, 1, 1], 'uint8'), 'unknown')
})

test('converts as NumPy does', () => {
  const floats = createChunk(new Float32Array([-1.7, 0.9, 300.2, Number.NaN]), [1, 1, 4])
  assert.equal(values(astype(floats, 'uint8')), [255, 0, 44, 0])
  assert.equal(values(astype(floats, 'int64')), [-1, 0, 300, 0])
  const big = createChunk(new BigUint64Array([2n ** 64n - 1n, 2n ** 53n + 1n]), [1, 1, 2])
  assert.equal([...(astype(big, 'int64').data as BigInt64Array)], [-1n, 2n ** 53n + 1n])
  assert.equal(values(astype(big, 'uint32')), [4294967295, 1])
  const negative = createChunk(new Int8Array([-2, 5]), [1, 1, 2])
  assert.equal([...(astype(negative, 'int64').data as BigInt64Array)], [-2n, 5n])
  assert.is(astype(floats, 'float32'), floats)
})

test('rounds to float16 half to even and back', () => {
  for (const [value, bits] of [
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ] as const)
    assert.is(numberToFloat16(value), bits, String(value))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), (bits) => {
      const value = float16ToNumber(bits)
      return Number.isNaN(value) || numberToFloat16(value) === bits || (value === 0 && (bits & 0x7fff) === 0)
    }),
  )
})

test('adds, wraps, divides and broadcasts', () => {
  const bytes = createChunk(new Uint8Array([250, 4]), [1, 1, 2], { voxelOffset: [1, 1, 1] })
  assert.equal(values(arithmetic(bytes, 'add', 10)), [4, 14])
  const divided = arithmetic(bytes, 'divide', 4)
  assert.is(divided.dtype, 'float64')
  assert.equal(values(divided), [62.5, 1])
  const affinity = createChunk(new Float32Array([1, 2, 3, 4]), [2, 1, 1, 2])
  assert.equal(values(arithmetic(affinity, 'multiply', bytes)), [250, 8, 750, 16])
  assert.equal(values(arithmetic(bytes, 'multiply', affinity)), [250, 8, 750, 16])
  const ids = createChunk(new BigUint64Array([2n ** 63n, 3n]), [1, 1, 2])
  assert.equal([...(arithmetic(ids, 'multiply', 2).data as BigUint64Array)], [0n, 6n])
  assert.equal(values(compare(bytes, 'greater', 4)), [1, 0])
  refuses(() => arithmetic(bytes, 'add', createChunk(new Uint8Array(3), [1, 1, 3])), 'shape-mismatch')
})

test('promotes dtypes as NumPy does', () => {
  assert.is(promoteDtypes('uint8', 'int8'), 'int16')
  assert.is(promoteDtypes('uint64', 'int64'), 'float64')
  assert.is(promoteDtypes('uint16', 'float16'), 'float32')
  assert.is(promoteDtypes('uint32', 'float32'), 'float64')
  assert.is(promoteDtypes('bool', 'uint8'), 'uint8')
})

test('refuses arrays that do not fit', () => {
  refuses(() => createChunk(new Uint8Array(5), [1, 2, 3]), 'chunk-invalid')
  refuses(() => createChunk(new Uint8Array(1), [1]), 'chunk-invalid')
  refuses(() => createChunk(new Uint8Array(1), [1, 1, 1], { voxelSize: [1, 0, 1] }), 'chunk-invalid')
  refuses(() => createChunk(new Uint8Array(1), [1, 1, 1], { dtype: 'float32' }), 'chunk-invalid')
})

test('keeps all dtypes through a cutout', () => {
  for (const dtype of DTYPE_NAMES) {
    const chunk = emptyChunk(dtype, [2, 3, 5], { voxelOffset: [1, 2, 3] })
    assert.is(cutout(chunk, boxFromSize(zyx(1, 3, 4), zyx(2, 2, 4))).dtype, dtype)
  }
})

test('formats and parses boxes, with text before and an extension after', () => {
  const box = parseBox('Sp1,3166-3766_7531-8131_2440-3040.h5')
  assert.equal(box?.start, [3166, 7531, 2440])
  assert.is(formatBox(parseBox('-10-54_0-64_-8--2')!), '-10-54_0-64_-8--2')
  assert.is(parseBox('0-1_0-1.h5'), null)
  const coordinate = fc.integer({ min: -1e6, max: 1e6 })
  const size = fc.nat(5000)
  fc.assert(
    fc.property(fc.tuple(coordinate, coordinate, coordinate), fc.tuple(size, size, size), (start, extent) => {
      const text = formatBox(boxFromSize(start, extent))
      return formatBox(parseBox(`folder/${text}.json`)!) === text
    }),
  )
})

test.run()
