import { type ChunkflowError, zyx } from '@chunkflow/sdk'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { axisStarts, type PatchSettings, patchGeometry, planPatches } from './geometry.js'

const test = suite('geometry')

const settings = (change: Partial<PatchSettings> = {}): PatchSettings => ({
  inputPatchSize: zyx(20, 256, 256),
  outputPatchSize: zyx(20, 256, 256),
  outputPatchOverlap: zyx(4, 64, 64),
  outputCropMargin: undefined,
  masked: false,
  ...change,
})
const PRODUCTION = settings({
  outputPatchSize: zyx(16, 192, 192),
  outputPatchOverlap: zyx(2, 32, 32),
  outputCropMargin: zyx(8, 96, 96),
})
const codeOf = (job: () => unknown): ChunkflowError => {
  try {
    job()
  } catch (error) {
    return error as ChunkflowError
  }
  throw new Error('nothing was thrown')
}

test('derives the sizes of the production command', () => {
  const geometry = patchGeometry(PRODUCTION)
  assert.equal(geometry.patchCropMargin, [2, 32, 32])
  assert.equal(geometry.inputOverlap, [6, 96, 96])
  assert.equal(geometry.stride, [14, 160, 160])
  assert.equal(geometry.outputOffset, [10, 128, 128])
  const grid = planPatches(geometry, zyx(202, 1536, 1536), zyx(14, 9, 9))
  assert.equal(grid.outputSize, [182, 1280, 1280])
  assert.is(grid.patchCount, 14 * 9 * 9)
  assert.not.ok(grid.unlikePatchNum)
})

test('crops the overlap in aligned mode and nothing in masked mode', () => {
  assert.equal(patchGeometry(settings()).outputOffset, [4, 64, 64])
  assert.equal(patchGeometry(settings({ masked: true })).outputOffset, [0, 0, 0])
})

test('places patches and moves the last one back', () => {
  assert.equal(axisStarts(36, 20, 4, 16), [0, 16])
  assert.equal(axisStarts(67, 32, 4, 28), [0, 28, 35])
  assert.equal(axisStarts(20, 20, 4, 16), [0])
  const grid = planPatches(patchGeometry(settings({ masked: true })), zyx(30, 300, 310))
  assert.equal(grid.inputStarts, [
    [0, 10],
    [0, 44],
    [0, 54],
  ])
  assert.equal(grid.outputStarts, grid.inputStarts)
})

test('leaves out patches whose results are all cropped away', () => {
  const geometry = patchGeometry(settings({ outputCropMargin: zyx(20, 64, 64) }))
  const grid = planPatches(geometry, zyx(68, 448, 448))
  assert.equal(grid.inputStarts[0], [16, 32])
  assert.equal(grid.outputStarts[0], [-4, 12])
  assert.equal(grid.outputSize, [28, 320, 320])
})

test('takes an aligned chunk of another patch number', () => {
  const grid = planPatches(patchGeometry(settings()), zyx(36, 448, 448), zyx(2, 2, 3))
  assert.ok(grid.unlikePatchNum)
  assert.is(grid.patchCount, 8)
})

test('says which sizes fit a misaligned chunk', () => {
  const error = codeOf(() => planPatches(patchGeometry(settings()), zyx(37, 448, 500)))
  assert.is(error.code, 'chunk-misaligned')
  assert.match(error.what, '37 448 500')
  assert.match(error.what, 'overlap 4 64 64')
  assert.match(error.what, 'stride 16 192 192')
  assert.is(error.fix, 'add --mask-output-chunk, or use a chunk of 36 448 448 or 52 448 640')
})

test('uses the three spatial sizes and refuses what cannot work', () => {
  assert.is(codeOf(() => planPatches(patchGeometry(settings()), zyx(19, 448, 448))).code, 'chunk-too-small')
  const cropped = patchGeometry(settings({ masked: true, outputCropMargin: zyx(15, 64, 64) }))
  assert.is(codeOf(() => planPatches(cropped, zyx(30, 300, 300))).code, 'chunk-too-small')
  for (const change of [
    { outputPatchSize: zyx(19, 256, 256) },
    { outputPatchSize: zyx(22, 256, 256) },
    { outputPatchOverlap: zyx(4, 256, 64) },
    { outputPatchOverlap: zyx(11, 64, 64) },
    { outputCropMargin: zyx(4, 63, 64) },
  ])
    assert.is(codeOf(() => patchGeometry(settings(change))).code, 'patch-invalid')
  patchGeometry(settings({ outputPatchOverlap: zyx(10, 128, 128) }))
  patchGeometry(settings({ outputPatchOverlap: zyx(11, 64, 64), masked: true }))
})

test('covers every voxel in masked mode, without gaps or doubles', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 11 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 40 }),
      (patch, overlap, crop, extra) => {
        const stride = patch - Math.min(overlap, patch - 1)
        const input = patch + 2 * crop
        const starts = axisStarts(input + extra, input, input - stride, stride)
        const covered = new Set(
          starts.flatMap((start) => Array.from({ length: patch }, (_, i) => start + crop + i)),
        )
        assert.is(covered.size, patch + extra)
        assert.is(new Set(starts).size, starts.length)
        assert.is(starts.at(-1)! + input, input + extra)
      },
    ),
  )
})

test.run()
