import { boundingBox, type Chunk, type ChunkflowError, createChunk } from '@chunkflow/sdk'
import { rampChunk, testTask } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assignOutputs } from './outputs.js'

const test = suite('outputs')

const input = rampChunk([5, 9, 14], { dtype: 'uint8', voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] })

function assign(
  returned: unknown,
  outputNames?: string[],
  inputs: unknown[] = [input],
  inputNames = ['chunk'],
) {
  const task = testTask({})
  assignOutputs(task, returned, inputs, { file: 'f.py', inputNames, outputNames })
  return Object.fromEntries(task.names().map((name) => [name, task.get(name)]))
}
function refusal(...call: Parameters<typeof assign>): string {
  try {
    assign(...call)
  } catch (error) {
    assert.is((error as ChunkflowError).code, 'plugin-outputs')
    return (error as ChunkflowError).what
  }
  throw new Error('nothing was refused')
}

test('assigns one value, or a list one by one', () => {
  const box = boundingBox([0, 0, 0], [1, 2, 3])
  assert.equal(assign('text', ['a']), { a: 'text' })
  assert.equal(assign([1, box, null], ['a', 'b', 'c']), { a: 1, b: box, c: null })
  assert.equal(assign([1, 2], ['a', 'None']), { a: 1 })
})

test('assigns back to the inputs when nothing is named', () => {
  assert.equal(assign([input]), { chunk: input })
  assert.equal(assign([1, 2], undefined, [input, null], ['a', 'b']), { a: 1, b: 2 })
  assert.equal(assign(undefined), {})
  assert.equal(assign([]), {})
})

test('takes nothing for null when one name waits for it', () => {
  assert.equal(assign(null, ['a']), { a: null })
  assert.equal(assign(undefined, ['a']), { a: null })
})

test('refuses other counts', () => {
  assert.is(refusal(3, ['a', 'b']), 'f.py returned 1 value, but --output-names are a,b')
  assert.is(refusal([3, 4], ['a']), 'f.py returned 2 values, but --output-names are a')
  assert.is(refusal(null, ['a', 'b']), 'f.py returned 0 values, but --output-names are a,b')
  assert.is(refusal([3, 4]), 'f.py returned 2 values for 1 input')
  assert.is(refusal(3, undefined, [], []), 'f.py returned 1 value for 0 inputs')
})

test('makes chunks of bare arrays, in the middle of the first input', () => {
  const array = { data: new Float32Array(2 * 3 * 4 * 9), shape: [2, 3, 4, 9], dtype: 'float32' }
  const cropped = assign([array]).chunk as Chunk
  // (5-3)/2 = 1, (9-4)/2 = 2, (14-9)/2 = 2
  assert.equal(cropped.voxelOffset, [8, -1, 13])
  assert.equal(cropped.voxelSize, [40, 8, 4])
  assert.equal(
    [cropped.shape, cropped.dtype, cropped.layerType],
    [[2, 3, 4, 9], 'float32', 'probability_map'],
  )
  // larger than the input: floor(-1/2) = -1
  const larger = assign([{ data: new Uint8Array(6 * 9 * 14), shape: [6, 9, 14] }]).chunk as Chunk
  assert.equal(larger.voxelOffset, [6, -3, 11])
  const section = assign([{ data: new Uint8Array(126), shape: [9, 14] }]).chunk as Chunk
  assert.equal(
    [section.shape, section.voxelOffset],
    [
      [1, 9, 14],
      [9, -3, 11],
    ],
  )
})

test('takes a typed array of the same length for the same shape', () => {
  const half = createChunk(new Uint16Array(6).fill(0x3c00), [1, 2, 3], {
    dtype: 'float16',
    voxelOffset: [1, 2, 3],
  })
  const same = assign([half.data.slice()], undefined, [half]).chunk as Chunk
  assert.equal([same.dtype, same.shape, same.voxelOffset], ['float16', [1, 2, 3], [1, 2, 3]])
  assert.is((assign([new Float32Array(6)], undefined, [half]).chunk as Chunk).dtype, 'float32')
  const other = new Float32Array(5)
  assert.is(assign([other], undefined, [half]).chunk, other)
})

test('leaves chunks, lists of points and other values alone', () => {
  const points = { data: new Float32Array(6), shape: [6] }
  const given = [input, points, { count: 3 }]
  assert.equal(Object.values(assign([given[0], given[1], given[2]], ['a', 'b', 'c'])), given)
  const array = { data: new Uint8Array(8), shape: [2, 2, 2] }
  assert.is(assign([array], ['a'], ['no chunk']).a, array)
})

test.run()
