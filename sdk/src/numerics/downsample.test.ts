import { createChunk } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inlineCompute } from '../testing/inline-compute.js'
import { connectedComponents } from './connected-components.js'
import { downsampleChunk } from './downsample.js'
import { uniqueLabels } from './unique-labels.js'

const test = suite('downsample')
const services = { compute: inlineCompute() }

/** Specification 2.6: |sin(4 (z + y + x))|, each axis from 0 to 1. */
function sinePattern(size: number): Float64Array {
  const values = new Float64Array(size ** 3)
  let index = 0
  for (let z = 0; z < size; z++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++)
        values[index++] = Math.abs(
          Math.sin((4 * z) / (size - 1) + (4 * y) / (size - 1) + (4 * x) / (size - 1)),
        )
  return values
}

test('averages the sine image to the specified values', async () => {
  const image = createChunk(
    Uint8Array.from(sinePattern(64), (value) => Math.floor(255 * value)),
    [64, 64, 64],
  )
  const half = await downsampleChunk(image, [2, 2, 2], services)
  assert.is(
    (half.data as Uint8Array).reduce((sum, value) => sum + value, 0),
    5307179,
  )
  assert.equal([...half.data.subarray(0, 6)], [24, 55, 86, 116, 143, 169])
})

test('takes the mode of the sine labels', async () => {
  const bright = createChunk(
    Uint8Array.from(sinePattern(64), (value) => (value > 0.5 ? 1 : 0)),
    [64, 64, 64],
    { dtype: 'bool' },
  )
  const labels = await connectedComponents(bright, { connectivity: 6 }, services)
  const full = await uniqueLabels(labels.data, labels.dtype, services)
  assert.equal([...full.ids], [1n, 2n, 3n, 4n])
  assert.equal([...full.counts], [13079, 84584, 71039, 6545])
  const half = await downsampleChunk(labels, [2, 2, 2], services)
  const { counts } = await uniqueLabels(half.data, half.dtype, services)
  assert.equal([...counts], [1751, 10355, 8520, 816])
})

test.run()
