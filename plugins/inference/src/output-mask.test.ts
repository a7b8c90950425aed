import { boundingBox, type ChunkflowError, createChunk, emptyChunk, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { maskFactor, outputMask } from './output-mask.js'

const test = suite('output mask')

const codeOf = (job: () => unknown): string => {
  try {
    job()
  } catch (error) {
    return (error as ChunkflowError).code
  }
  return 'accepted'
}

// mask voxels of 1 x 2 x 3 voxels; the mask covers z 0-2, y -2-2, x 0-9
const MASK = createChunk(Uint16Array.of(0, 7, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), [2, 2, 3], {
  voxelOffset: [0, -1, 0],
})
const FACTOR = zyx(1, 2, 3)
const TARGET = boundingBox(zyx(0, -1, 1), zyx(2, 2, 8))

test('zeroes what coarser voxels remove, where nothing is aligned', () => {
  const chunk = createChunk(new Float32Array(2 * 2 * 3 * 7).fill(1), [2, 2, 3, 7], {
    voxelOffset: [0, -1, 1],
  })
  outputMask(MASK, FACTOR, TARGET, { inverse: false }).apply(chunk)
  const plane0 = [0, 0, 1, 1, 1, 0, 0, ...Array(14).fill(0)]
  const plane1 = [0, 0, 0, 0, 0, 1, 1, ...Array(14).fill(0)]
  assert.equal([...chunk.data], [...plane0, ...plane1, ...plane0, ...plane1])
})

test('tells which boxes are wanted, beyond the result too', () => {
  const { wants } = outputMask(MASK, FACTOR, TARGET, { inverse: false })
  assert.ok(wants(boundingBox(zyx(0, -1, 1), zyx(1, 0, 4))))
  assert.not.ok(wants(boundingBox(zyx(0, -1, 1), zyx(1, 0, 3))))
  assert.not.ok(wants(boundingBox(zyx(0, 0, 1), zyx(2, 2, 8))))
  assert.ok(wants(boundingBox(zyx(-5, -9, 6), zyx(9, 9, 30))))
  assert.not.ok(wants(boundingBox(zyx(5, 9, 20), zyx(9, 12, 30))))
  assert.ok(
    outputMask(MASK, FACTOR, TARGET, { inverse: true }).wants(boundingBox(zyx(0, 0, 1), zyx(1, 1, 2))),
  )
})

test('refuses masks that do not belong to the result', () => {
  const beyond = boundingBox(zyx(0, -1, 1), zyx(3, 2, 8))
  assert.is(
    codeOf(() => outputMask(MASK, FACTOR, beyond, { inverse: false })),
    'mask-mismatch',
  )
  assert.equal(maskFactor(zyx(40, 4, 4), zyx(40, 16, 32), zyx(9, 9, 9)), [1, 4, 8])
  assert.equal(maskFactor(null, zyx(40, 16, 32), zyx(1, 8, 8)), [1, 8, 8])
  assert.is(
    codeOf(() => maskFactor(zyx(40, 8, 8), zyx(40, 12, 8), zyx(1, 1, 1))),
    'mask-mismatch',
  )
  assert.is(
    codeOf(() => maskFactor(null, null, zyx(1, 0.5, 0.5))),
    'mask-mismatch',
  )
})

test('reads masks of every element type, minus zero as zero', () => {
  const half = emptyChunk('float16', [2, 2, 3], { voxelOffset: [0, -1, 0] })
  ;(half.data as Uint16Array).set([0x8000, 0x3c00])
  const wide = createChunk(BigUint64Array.of(0n, 1n, ...Array(10).fill(0n)), [2, 2, 3], {
    voxelOffset: [0, -1, 0],
  })
  for (const mask of [half, wide]) {
    const { wants } = outputMask(mask, FACTOR, TARGET, { inverse: false })
    assert.not.ok(wants(boundingBox(zyx(0, -1, 1), zyx(1, 0, 3))))
    assert.ok(wants(boundingBox(zyx(0, -1, 3), zyx(1, 0, 4))))
  }
})

test.run()
