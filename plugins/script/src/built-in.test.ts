import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Chunk, createChunk, numberToFloat16 } from '@chunkflow/sdk'
import { hasPython, rampChunk, randomChunk, SYSTEM_PYTHON, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { execute as inverse } from './built-in/inverse.js'
import { execute as medianFilter } from './built-in/median_filter.js'
import { execute as transpose } from './built-in/transpose.js'

const test = suite('built-in plugin files')
const folder = temporaryFolder()
test.after(() => folder.remove())

const PLACE = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] } as const
const column = (values: number[]): Chunk => createChunk(new Int16Array(values), [values.length, 1, 1], PLACE)
const listOf = (chunk: Chunk): unknown[] => [...(chunk.data as Uint8Array)]

test('median: mirrors the ends with their edge voxel', () => {
  const result = medianFilter(column([5, 1, 9, 2]))
  // 5 5 1 | 5 1 9 | 1 9 2 | 9 2 2
  assert.equal(listOf(result), [5, 5, 2, 2])
  assert.equal(
    [result.voxelOffset, result.voxelSize],
    [
      [7, -3, 11],
      [40, 8, 4],
    ],
  )
  assert.equal(listOf(medianFilter(column([5, 1, 9, 2]), { mode: 'constant' })), [1, 5, 2, 2])
  assert.equal(listOf(medianFilter(column([5, 1, 9, 2]), { mode: 'wrap' })), [2, 5, 2, 5])
  assert.equal(listOf(medianFilter(column([5, 1, 9, 2]), { mode: 'mirror' })), [1, 5, 2, 9])
})

test('median: keeps 64-bit labels and halves', () => {
  const labels = createChunk(new BigUint64Array([2n ** 63n, 2n ** 53n + 1n, 2n ** 53n]), [3, 1, 1])
  assert.equal(listOf(medianFilter(labels)), [2n ** 63n, 2n ** 53n + 1n, 2n ** 53n])
  const halves = createChunk(new Uint16Array([-2, 1, 0.5].map(numberToFloat16)), [3, 1, 1], {
    dtype: 'float16',
  })
  assert.equal(listOf(medianFilter(halves)), [-2, 0.5, 0.5].map(numberToFloat16))
})

test('median: refuses other sizes and modes', () => {
  for (const options of [{ size: [3, 1] }, { size: [0, 1, 1] }, { mode: 'grid' }])
    assert.throws(
      () => medianFilter(column([1]), options),
      (error: { code: string }) => error.code === 'flag-invalid',
    )
})

if (hasPython('numpy', 'scipy'))
  test('median: agrees with SciPy', () => {
    const chunk = randomChunk([2, 5, 9, 14], { dtype: 'uint8' })
    const file = path.join(folder.path, 'chunk.raw')
    writeFileSync(file, chunk.data as Uint8Array)
    for (const mode of ['reflect', 'mirror', 'nearest', 'wrap', 'constant'])
      for (const size of [
        [3, 1, 1],
        [1, 3, 5],
        [2, 4, 3],
      ]) {
        const code = `
import numpy as np, sys, scipy.ndimage
chunk = np.fromfile(sys.argv[1], 'u1').reshape(2, 5, 9, 14)
sys.stdout.buffer.write(scipy.ndimage.median_filter(chunk, size=(1, ${size.join(', ')}), mode='${mode}').tobytes())`
        const expected = execFileSync(SYSTEM_PYTHON, ['-c', code, file])
        assert.is(
          Buffer.compare(expected, medianFilter(chunk, { size, mode }).data as Uint8Array),
          0,
          `${size} ${mode}`,
        )
      }
  })

test('inverse: of bytes and of probabilities', () => {
  assert.equal(listOf(inverse(createChunk(new Uint8Array([0, 1, 255]), [1, 1, 3]))), [255, 254, 0])
  const map = inverse(createChunk(new Float32Array([0, 0.25, 1]), [1, 1, 3], PLACE))
  assert.equal(listOf(map), [1, 0.75, 0])
  assert.equal(map.voxelOffset, [7, -3, 11])
  assert.throws(() => inverse(createChunk(new Float32Array([2]), [1, 1, 1])))
  assert.throws(() => inverse(column([1])))
})

test('transpose: reverses axes, and places when asked to', () => {
  const chunk = rampChunk([2, 1, 2, 3], { dtype: 'uint8', ...PLACE })
  const turned = transpose(chunk)
  assert.equal(turned.shape, [3, 2, 1, 2])
  assert.equal(listOf(turned), [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11])
  assert.equal(
    [turned.voxelOffset, turned.voxelSize],
    [
      [7, -3, 11],
      [40, 8, 4],
    ],
  )
  const whole = transpose(chunk, { only_array: false })
  assert.equal(
    [whole.voxelOffset, whole.voxelSize],
    [
      [11, -3, 7],
      [4, 8, 40],
    ],
  )
})

test.run()
