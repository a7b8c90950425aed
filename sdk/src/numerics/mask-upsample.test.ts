import { createChunk } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rampChunk } from '../testing/chunk-builders.js'
import { maskUpsample } from './mask-upsample.js'

const test = suite('mask upsampling')

test('multiplies every voxel of every channel by the mask voxel over it', () => {
  const chunk = rampChunk([2, 2, 6, 8], { dtype: 'uint64', voxelOffset: [4, 6, 8] })
  const mask = createChunk(new Uint8Array([1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0]), [1, 3, 4])
  for (const inverse of [false, true]) {
    const result = maskUpsample(chunk, mask, [2, 2, 2], { inverse })
    const expected = [...chunk.data].map((value, index) => {
      const [y, x] = [Math.floor(index / 8) % 6, index % 8]
      const kept = mask.data[Math.floor(y / 2) * 4 + Math.floor(x / 2)] === (inverse ? 0 : 1)
      return kept ? value : 0n
    })
    assert.equal([...result.data], expected)
    assert.equal([result.voxelOffset, result.layerType], [[4, 6, 8], chunk.layerType])
  }
  assert.is(chunk.data[3], 3n)
})

test('takes any mask type, minus zero for zero', () => {
  const chunk = createChunk(new Float32Array([1, 2, 3, 4]), [1, 1, 4])
  const half = createChunk(new Uint16Array([0x8000, 0x3c00]), [1, 1, 1, 2], { dtype: 'float16' })
  assert.equal([...maskUpsample(chunk, half, [1, 1, 2]).data], [0, 0, 3, 4])
})

test('refuses a mask that does not cover the chunk', () => {
  const chunk = createChunk(new Uint8Array(9), [1, 3, 3])
  try {
    maskUpsample(chunk, createChunk(new Uint8Array(1), [1, 1, 1]), [1, 2, 2])
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'shape-mismatch')
  }
})

test.run()
