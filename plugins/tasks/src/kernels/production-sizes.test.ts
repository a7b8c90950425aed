import { isChunkflowError, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ProductionOptions, productionSizes } from './production-sizes.js'

const test = suite('production sizes')

/** The command of chunkflow's own script: values of the specification, 6.7 "C20". */
const C20: ProductionOptions = {
  outputPatchSize: zyx(16, 96, 96),
  inputPatchSize: zyx(20, 128, 128),
  overlap: zyx(6, 32, 32),
  cropMargin: zyx(6, 32, 32),
  channels: 3,
  memoryGigabytes: 14,
  mip: 0,
  thumbnailMip: 6,
  maximumMip: 5,
}
/** The tutorial's command: values of the specification, 6.7 "T14" (whose 5.291749 GB is 5.29174805 when computed). */
const T14: ProductionOptions = {
  ...C20,
  outputPatchSize: zyx(20, 256, 256),
  inputPatchSize: zyx(20, 256, 256),
  overlap: zyx(10, 128, 128),
  cropMargin: zyx(10, 128, 128),
  mip: 1,
  maximumMip: 6,
}

test("chunkflow's own example", () => {
  const { chunkGigabytes, utilization, ...sizes } = productionSizes(C20)
  assert.equal(sizes, {
    stride: [10, 64, 64],
    patchNumber: [27, 23, 23],
    outputChunk: [264, 1440, 1440],
    inputChunk: [280, 1536, 1536],
    expandMargin: [8, 48, 48],
    block: [264, 180, 180],
    thumbnailBlock: [264, 22, 22],
    blockMegabytes: 8.5536,
  })
  assert.is(chunkGigabytes.toFixed(6), '6.118011')
  assert.is(utilization.toFixed(2), '0.26')
})

test("the tutorial's example, at mip 1", () => {
  const { chunkGigabytes, utilization, ...sizes } = productionSizes(T14)
  assert.equal(sizes, {
    stride: [10, 128, 128],
    patchNumber: [11, 18, 18],
    outputChunk: [100, 2176, 2176],
    inputChunk: [120, 2432, 2432],
    expandMargin: [10, 128, 128],
    block: [50, 272, 272],
    thumbnailBlock: [50, 34, 34],
    blockMegabytes: 3.6992,
  })
  assert.is(chunkGigabytes.toFixed(6), '5.291748')
  assert.is(utilization.toFixed(2), '0.10')
})

test('y and x of the output halve up to the highest mip, z as often as the output mip', () => {
  for (const maximumMip of [5, 6, 7])
    for (const mip of [0, 1, 2]) {
      const { outputChunk } = productionSizes({ ...T14, mip, maximumMip })
      assert.is(outputChunk[1] % 2 ** maximumMip, 0)
      assert.is(outputChunk[0] % 2 ** mip, 0)
    }
})

test('sizes that cannot be are refused with what to change', () => {
  for (const change of [{ maximumMip: 16 }, { memoryGigabytes: 1e-9 }, { cropMargin: zyx(6, 31, 31) }])
    try {
      productionSizes({ ...C20, ...change })
      assert.unreachable()
    } catch (error) {
      assert.ok(isChunkflowError(error))
      assert.is(error.code, 'production-sizes')
      assert.match(error.fix!, '--max-mip')
    }
})

test.run()
