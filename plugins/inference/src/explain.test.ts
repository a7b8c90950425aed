import { zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { explainInference } from './explain.js'
import type { InferenceOptions } from './settings.js'

const test = suite('explanation')

/** The production command of the tutorial. */
const OPTIONS: InferenceOptions = {
  inputPatchSize: [20, 256, 256],
  outputPatchSize: [16, 192, 192],
  outputPatchOverlap: [2, 32, 32],
  outputCropMargin: [8, 96, 96],
  patchNum: [14, 9, 9],
  numInputChannels: 1,
  numOutputChannels: 4,
  dtype: 'float32',
  batchSize: 6,
  bump: 'wu',
  maskOutputChunk: false,
  maskMyelinThreshold: undefined,
  augment: false,
  augmentAffinity: false,
  skipBlankPatches: false,
}

test('gives the numbers of the production command', () => {
  const input = { shape: [202, 1536, 1536], dtype: 'uint8', voxelOffset: zyx(90, 1000, 2000) } as const
  assert.equal(explainInference(OPTIONS, input), [
    'patch     20×256×256, of which the middle 16×192×192 is used',
    'stride    14 160 160; results overlap by 2 32 32, input patches by 6 96 96',
    'margin    10 128 128 on either side: patch crop 2 32 32, output crop 8 96 96',
    'sizes     n times 14 160 160 plus 6 96 96; any with --mask-output-chunk',
    'chunk     202×1536×1536 uint8',
    'patches   14×9×9 = 1134, in 189 batches of up to 6',
    'output    4 channels of 182×1280×1280 float32, box 100-282_1128-2408_2128-3408',
    'memory    4789 MiB besides the input and the model: output 4550 MiB, two batches with results 168 MiB, cutting and blending 71 MiB',
  ])
})

test('says which sizes fit a misaligned chunk, axis by axis', () => {
  const lines = explainInference(
    { ...OPTIONS, outputPatchSize: undefined, outputPatchOverlap: [4, 64, 64], outputCropMargin: undefined },
    { shape: [37, 448, 200] },
  )
  assert.ok(lines.some((line) => line.startsWith('refused   A chunk of 37×448×200 is smaller')))
  assert.equal(lines.slice(-4), [
    '  z       37 does not fit: use 36 or 52',
    '  y       448 fits',
    '  x       200 does not fit: use 256',
    'fix       load a larger chunk, or use smaller patches',
  ])
})

test('tells of output masks, eightfold runs and what is not known yet', () => {
  const masked = {
    ...OPTIONS,
    maskOutputChunk: true,
    outputCropMargin: undefined,
    augment: true,
    batchSize: 4,
  }
  const lines = explainInference(masked, { shape: [30, 300, 310] })
  assert.ok(lines.includes('sizes     any from 20 256 256 on; weights are normalised voxel by voxel'))
  assert.ok(lines.includes('patches   2×2×2 = 8, in 2 batches of up to 4, eight times each'))
  assert.ok(lines.some((line) => line.includes('box 2-28_32-268_32-278, from the start of the chunk')))
  assert.is(explainInference(masked, {}).at(-1), 'chunk     of unknown size until it is loaded')
  const small = explainInference(masked, { shape: [30, 30, 310] })
  assert.is(small.filter((line) => line.includes('fit: use')).length, 0)
})

test.run()
