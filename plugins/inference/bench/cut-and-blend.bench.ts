import { allocate, createChunk, productZyx } from '@chunkflow/sdk'
import { inlineCompute } from '@chunkflow/sdk/testing'
import type { Bench } from '../../../test/bench/measure.js'
import { createBlendKernels } from '../src/blend-kernels.js'
import { openBlender } from '../src/blender.js'
import { openPatchCutter } from '../src/patch-cutter.js'
import { geometryOf, gridOf } from '../src/settings.js'
import { patchWeights } from '../src/weights.js'
import { OPTIONS } from './setup.js'

const SIZE = [52, 640, 640] as const
/** Of a memory copy's bytes a second, in CPU time: cutting and blending shall reach 40 %. */
const LARGEST_RATIO = 1 / 0.4

/**
 * Cutting and blending as the operator does them, copies into and out of WebAssembly included, against a copy of as many
 * bytes; both on this thread, so that the work is compared and not the messages to workers. All bytes that the work must
 * read and write are counted: of each patch the voxels (uint8) and the input (float32); of each channel the result, the
 * weights, and the output before and after; and the output once more when it is finished.
 */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { numOutputChannels: channels } = OPTIONS
  const data = allocate('uint8', productZyx(SIZE)) as Uint8Array
  for (let index = 0; index < data.length; index++) data[index] = index * 7919 + (index >> 9)
  const chunk = createChunk(data, SIZE)
  const geometry = geometryOf(OPTIONS)
  const grid = gridOf(geometry, SIZE, OPTIONS)
  const compute = inlineCompute()
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const voxels = productZyx(geometry.inputPatchSize)
  const slot = allocate('float32', voxels) as Float32Array
  const result = (allocate('float32', channels * voxels) as Float32Array).fill(0.25)

  async function cutAndBlend(): Promise<void> {
    const cutter = await openPatchCutter(compute, chunk, {
      patchSize: geometry.inputPatchSize,
      inputChannels: 1,
    })
    const blender = await openBlender(createBlendKernels(compute), {
      half: false,
      inPlace: true,
      channels,
      geometry,
      grid,
      weights,
      sumsBytes: 0,
      weighted: false,
      resultSize: geometry.outputPatchSize,
      myelinThreshold: undefined,
    })
    let blending: Promise<void> = Promise.resolve()
    for (const [z, startZ] of grid.inputStarts[0].entries())
      for (const [y, startY] of grid.inputStarts[1].entries())
        for (const [x, startX] of grid.inputStarts[2].entries()) {
          await Promise.all([cutter.cut([startZ, startY, startX], slot), blending])
          blending = blender.blend([z, y, x], result)
        }
    await blending
    await blender.finish()
    await blender.close()
    await cutter.close()
  }

  const bytes =
    grid.patchCount * voxels * (1 + 4 + channels * 4 * 4) + 2 * 4 * channels * productZyx(grid.outputSize)
  const from = new Uint8Array(2 ** 26).fill(1)
  const to = new Uint8Array(from.length).fill(2)
  const copy = async (): Promise<void> => {
    // half of the bytes are read, half are written
    for (let left = bytes / 2; left > 0; left -= from.length)
      to.set(left < from.length ? from.subarray(0, left) : from)
  }
  await ratio(
    `inference: cut and blend / copying as many bytes, ${grid.patchCount} patches`,
    cutAndBlend,
    copy,
    { runs: 9, target: LARGEST_RATIO },
  )
}
