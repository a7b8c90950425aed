import {
  boundingBox,
  type Chunk,
  type ChunkflowError,
  type Compute,
  createChunk,
  float16ToNumber,
  type InferenceBackend,
  type Model,
  type ModelSettings,
  SILENT_PROGRESS,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPool } from '../../compute/src/pool.js'
import { type BlendKernels, createBlendKernels } from './blend-kernels.js'
import { inferChunk } from './infer-chunk.js'
import { modelSettings } from './load-model.js'
import { type OutputMask, outputMask } from './output-mask.js'
import type { LeftOut } from './run-patches.js'
import { geometryOf, gridOf, type InferenceOptions } from './settings.js'
import {
  fakeBackend,
  identityRun,
  SMALL_OPTIONS as OPTIONS,
  referenceInference,
  unevenRun,
} from './testing/reference.js'
import { patchWeights } from './weights.js'

const test = suite('inference of a chunk')

const PLACE = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] } as const

interface Case {
  readonly options?: Partial<InferenceOptions>
  readonly chunk?: Chunk
  readonly backend?: InferenceBackend
  readonly postableBytes?: number
  readonly signal?: AbortSignal
  readonly compute?: Compute
  readonly mask?: OutputMask
  readonly onLeftOut?: (leftOut: LeftOut) => void
  readonly blendKernels?: BlendKernels
  readonly sumsBytes?: number
}

/** What all chunks of a run share. */
const RUN = new AbortController().signal

function prepare({ options: change, chunk: given }: Case) {
  const options = { ...OPTIONS, ...change }
  const geometry = geometryOf(options)
  const chunk = given ?? randomChunk([13, 30, 47], { dtype: 'uint8', ...PLACE })
  const settings = modelSettings(
    { ...options, convnetModel: undefined, convnetWeightPath: undefined },
    geometry,
  )
  return { options, geometry, chunk, settings, grid: gridOf(geometry, chunk.shape, options) }
}

async function infer(test: Case): Promise<Chunk> {
  const { options, geometry, chunk, settings, grid } = prepare(test)
  const model: Model = await (test.backend ?? fakeBackend(unevenRun)).load(settings)
  const context = { signal: test.signal ?? RUN, progress: SILENT_PROGRESS }
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const posting = test.postableBytes === undefined ? {} : { postableBytes: test.postableBytes }
  return inferChunk({
    chunk,
    options,
    geometry,
    grid,
    model,
    weights,
    compute: test.compute ?? inlineCompute(),
    context,
    ...posting,
    ...(test.mask === undefined ? {} : { mask: test.mask }),
    ...(test.onLeftOut === undefined ? {} : { onLeftOut: test.onLeftOut }),
    ...(test.blendKernels === undefined ? {} : { blendKernels: test.blendKernels }),
    ...(test.sumsBytes === undefined ? {} : { sumsBytes: test.sumsBytes }),
  })
}

/** Compares with inference done patch by patch in float64. */
async function matches(
  test: Case,
  tolerance = 1e-6,
  {
    resultSize,
    decode = Number,
  }: { resultSize?: (settings: ModelSettings) => Zyx; decode?: (value: number) => number } = {},
): Promise<Chunk> {
  const result = await infer(test)
  const { geometry, chunk, settings } = prepare(test)
  const size = resultSize?.(settings) ?? settings.outputPatchSize
  const { values } = referenceInference(chunk, geometry, settings, unevenRun(settings, size), size)
  assert.is(result.data.length, values.length)
  const data = result.data as Float32Array
  let worst = 0
  for (let index = 0; index < values.length; index++)
    worst = Math.max(worst, Math.abs(decode(data[index]!) - values[index]!))
  assert.ok(worst <= tolerance, `differs by ${worst}`)
  return result
}

/** The result of a weighted model that gives the same value everywhere, in float32. */
function rounded(test: Case, value: number): Float32Array {
  const { geometry, grid, options } = prepare(test)
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const [sizeZ, sizeY, sizeX] = grid.outputSize
  const [patchZ, patchY, patchX] = geometry.outputPatchSize
  const inside = (axis: 0 | 1 | 2, place: number): number[] =>
    grid.outputStarts[axis]
      .map((start) => place - start)
      .filter((offset) => offset >= 0 && offset < [patchZ, patchY, patchX][axis]!)
  const channel: number[] = []
  for (let z = 0; z < sizeZ; z++)
    for (let y = 0; y < sizeY; y++)
      for (let x = 0; x < sizeX; x++) {
        const over = inside(0, z).flatMap((a) =>
          inside(1, y).flatMap((b) => inside(2, x).map((c) => weights[(a * patchY + b) * patchX + c]!)),
        )
        const sum = over.reduce((left, right) => Math.fround(left + right))
        channel.push(Math.fround(over.length * value * Math.fround(1 / sum)))
      }
  return Float32Array.from(Array.from({ length: options.numOutputChannels }, () => channel).flat())
}

const LATTICE = randomChunk([14, 28, 48], { dtype: 'uint8', ...PLACE })

test('equals patch by patch in masked mode on an odd size', async () => {
  const result = await matches({})
  assert.equal(result.shape, [2, 13, 30, 47])
  assert.equal(result.voxelOffset, [7, -3, 11])
  assert.equal(result.voxelSize, [40, 8, 4])
  assert.is(result.layerType, 'probability_map')
  assert.not.ok(result.layerTypeDeclared)
})

test('equals patch by patch in aligned mode', async () => {
  const result = await matches({ chunk: LATTICE, options: { maskOutputChunk: false } })
  assert.equal(result.shape, [2, 10, 20, 36])
  assert.equal(result.voxelOffset, [9, 1, 17])
})

test('equals patch by patch with smaller output patches and a crop margin', async () => {
  const options = {
    outputPatchSize: [4, 10, 18],
    outputPatchOverlap: [1, 2, 5],
    outputCropMargin: [2, 3, 6],
  } as const
  const result = await matches({ options })
  assert.equal(result.shape, [2, 7, 18, 33])
  assert.equal(result.voxelOffset, [10, 3, 18])
  // the model may also return its whole input patch: the middle is used
  const inputPatchSize = OPTIONS.inputPatchSize
  const backend = fakeBackend((settings) => unevenRun(settings, inputPatchSize), {
    resultSize: inputPatchSize,
  })
  await matches({ options, backend }, 1e-6, { resultSize: ({ inputPatchSize: size }) => size })
})

test('equals patch by patch where more than two patches overlap', async () => {
  await matches({ options: { outputPatchOverlap: [5, 13, 15] } })
})

test('divides by sums of weights that are rounded in patch order, kept or not', async () => {
  // a power of two: its multiples are exact, and the result shows the sum alone
  const step = 2 ** -30
  const constant = fakeBackend(() => (_batch, _count, result) => void result.fill(step), { weighted: true })
  const cases: Case[] = [
    {},
    { options: { outputPatchOverlap: [5, 13, 15] } },
    { options: { outputPatchOverlap: [0, 15, 0] } },
    // patches that begin before the output
    {
      options: {
        outputPatchSize: [4, 10, 18],
        outputPatchOverlap: [1, 2, 5],
        outputCropMargin: [2, 3, 6],
      },
    },
    // longer than the blocks of the kernel, and no multiples of them
    {
      options: { inputPatchSize: [3, 5, 61], outputPatchOverlap: [1, 2, 22] },
      chunk: randomChunk([4, 9, 147], { dtype: 'uint8', ...PLACE }),
    },
  ]
  for (const one of cases) {
    const expected = rounded(one, step)
    for (const sumsBytes of [0, 3000, 1e9]) {
      const blendKernels = createBlendKernels(inlineCompute())
      for (const chunk of [1, 2, 3]) {
        const result = await infer({ ...one, backend: constant, blendKernels, sumsBytes })
        assert.equal(result.data, expected, `${sumsBytes} bytes, chunk ${chunk}`)
      }
    }
  }
})

test('equals patch by patch for several input channels and a batch larger than the chunk', async () => {
  const chunk = randomChunk([3, 13, 30, 47], { dtype: 'uint16', ...PLACE }, { limit: 65536 })
  await matches({ chunk, options: { numInputChannels: 3, numOutputChannels: 4, batchSize: 1000 } })
})

test('gives the same where arrays are too large to post', async () => {
  const heavy = { outputPatchOverlap: [5, 13, 15] } as const
  for (const options of [{}, heavy, { ...heavy, dtype: 'float16' as const }]) {
    const direct = await infer({ options })
    const staged = await infer({ options, postableBytes: 5000 })
    assert.equal(staged.data, direct.data)
    // large enough to be posted, but not with what the kernel needs besides
    const banded = await infer({ options, postableBytes: direct.data.byteLength })
    assert.equal(banded.data, direct.data)
  }
})

test('gives the same on worker threads', async () => {
  const compute = createPool(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
  try {
    for (const options of [{}, { dtype: 'float16' as const, maskOutputChunk: false }]) {
      const chunk = LATTICE
      assert.equal((await infer({ chunk, options, compute })).data, (await infer({ chunk, options })).data)
    }
  } finally {
    await compute.dispose()
  }
})

test('crops surplus channels and repeats a batch size of one', async () => {
  const backend = fakeBackend((settings) => unevenRun(settings, settings.outputPatchSize, 5), { channels: 5 })
  await matches({ backend, options: { batchSize: 1 } })
})

test('does not weight results that are weighted', async () => {
  const { geometry } = prepare({})
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const backend = fakeBackend(
    (settings) => (batch, count, result) => {
      unevenRun(settings)(batch, count, result)
      for (let index = 0; index < result.length; index++) result[index]! *= weights[index % weights.length]!
    },
    { weighted: true },
  )
  await matches({ backend })
})

test('rounds to float16 at the end', async () => {
  const result = await matches({ options: { dtype: 'float16' } }, 2.5e-4, { decode: float16ToNumber })
  assert.is(result.dtype, 'float16')
  assert.is(result.layerType, 'unknown')
  // rounding of partial sums would break the range check on saturated input
  const chunk = createChunk(new Uint8Array(13 * 30 * 47).fill(255), [13, 30, 47])
  const backend = fakeBackend(identityRun)
  const full = await infer({ chunk, backend, options: { dtype: 'float16', outputPatchOverlap: [5, 13, 15] } })
  assert.ok((full.data as Uint16Array).every((bits) => bits === 0x3c00))
})

test('takes rounding above 1 away', async () => {
  const chunk = createChunk(new Uint8Array(13 * 30 * 47).fill(255), [13, 30, 47])
  const result = await infer({ chunk, backend: fakeBackend(identityRun), options: { numOutputChannels: 3 } })
  assert.is(Math.max(...(result.data as Float32Array)), 1)
  assert.is(result.layerType, 'probability_map')
})

test('reports negative values as what they are', async () => {
  const run = () => (_batch: Float32Array, _count: number, result: Float32Array) => void result.fill(-0.5)
  const three = await infer({ backend: fakeBackend(run), options: { numOutputChannels: 3 } })
  assert.is(three.layerType, 'affinity_map')
  assert.is((await infer({ backend: fakeBackend(run) })).layerType, 'unknown')
})

test('masks by the myelin channel and drops it', async () => {
  const run = (settings: ModelSettings) => {
    const uneven = unevenRun(settings)
    return (batch: Float32Array, count: number, result: Float32Array) => {
      uneven(batch, count, result)
      const voxels = 6 * 16 * 20
      for (let item = 0; item < count; item++)
        for (let voxel = 0; voxel < voxels; voxel++)
          result[(item * 4 + 3) * voxels + voxel] = batch[item * voxels + voxel]!
    }
  }
  const options = { numOutputChannels: 4 }
  const four = await infer({ options, backend: fakeBackend(run) })
  const three = await infer({ options: { ...options, maskMyelinThreshold: 0.3 }, backend: fakeBackend(run) })
  assert.equal(three.shape, [3, 13, 30, 47])
  const all = four.data as Float32Array
  const voxels = all.length / 4
  const expected = all
    .slice(0, 3 * voxels)
    .map((value, index) => (all[3 * voxels + (index % voxels)]! < 0.3 ? value : 0))
  assert.equal(new Float32Array(three.data as Float32Array), expected)
  assert.ok(expected.includes(0))
})

test('refuses values above 1 and values that are none, naming the place', async () => {
  for (const bad of [1.2, Number.NaN, Number.POSITIVE_INFINITY])
    try {
      const run = (settings: ModelSettings) => (batch: Float32Array, count: number, result: Float32Array) => {
        identityRun(settings)(batch, count, result)
        for (let index = 0; index < result.length; index++) if (batch[index]! > 0.77) result[index] = bad
      }
      const data = new Uint8Array(13 * 30 * 47).fill(1)
      data[(2 * 30 + 7) * 47 + 9] = 200
      await infer({
        chunk: createChunk(data, [13, 30, 47], PLACE),
        backend: fakeBackend(run),
        options: { numOutputChannels: 1 },
      })
      assert.unreachable()
    } catch (error) {
      assert.is((error as ChunkflowError).code, 'output-range')
      assert.match((error as ChunkflowError).what, 'channel 0 at 2 7 9')
    }
})

test('does not call the model for a chunk of zeros', async () => {
  const backend = fakeBackend(unevenRun)
  const chunk = createChunk(new Uint8Array(13 * 30 * 47), [13, 30, 47], PLACE)
  const result = await infer({ chunk, backend, options: { numOutputChannels: 4, maskMyelinThreshold: 0.3 } })
  assert.equal(result.shape, [3, 13, 30, 47])
  assert.ok((result.data as Float32Array).every((value) => value === 0))
  assert.equal(backend.counts, [])
})

/** What a model gives on blank patches too, so that a run of it would show. */
const neverZero = (settings: ModelSettings) => unevenRun(settings)

test('leaves blank patches out when told to: as if the model gave zeros', async () => {
  // a thin bright plate: patches that do not touch it are blank
  const data = new Uint8Array(13 * 30 * 47)
  for (let y = 0; y < 30; y++) for (let x = 0; x < 9; x++) data[(12 * 30 + y) * 47 + x] = 200
  const chunk = createChunk(data, [13, 30, 47], PLACE)
  const zeroOnBlank = fakeBackend((settings) => (batch, count, result) => {
    neverZero(settings)(batch, count, result)
    const patch = 6 * 16 * 20
    for (let item = 0; item < count; item++)
      if (batch.subarray(item * patch, (item + 1) * patch).every((value) => value === 0))
        result.fill(0, item * 2 * patch, (item + 1) * 2 * patch)
  })
  for (const overlap of [
    [2, 4, 6],
    [5, 13, 15],
  ] as const)
    for (const dtype of ['float32', 'float16'] as const) {
      const options = { outputPatchOverlap: overlap, dtype, batchSize: 2 }
      const expected = await infer({ chunk, options, backend: zeroOnBlank })
      const backend = fakeBackend(neverZero)
      let leftOut: LeftOut | undefined
      const result = await infer({
        chunk,
        options: { ...options, skipBlankPatches: true },
        backend,
        onLeftOut: (counts) => {
          leftOut = counts
        },
      })
      assert.equal(result.data, expected.data)
      const { grid } = prepare({ chunk, options })
      const runs = backend.counts.reduce((sum, count) => sum + count, 0)
      assert.equal(leftOut, { blank: grid.patchCount - runs, masked: 0 })
      assert.ok(runs > 0 && runs < grid.patchCount / 2, `${runs} of ${grid.patchCount}`)
    }
})

test('a mask zeroes the result and keeps patches it removes from the model', async () => {
  const chunk = randomChunk([13, 30, 47], { dtype: 'uint8', ...PLACE })
  // 1 x 4 x 4 voxels to a mask voxel, over z 7..20, y -3..27, x 11..58; only its first corner survives
  const data = new Uint8Array(14 * 8 * 13)
  for (let z = 0; z < 3; z++) for (let y = 0; y < 2; y++) data.fill(9, (z * 8 + y) * 13, (z * 8 + y) * 13 + 3)
  const coarse = createChunk(data, [14, 8, 13], { voxelOffset: [7, -1, 2] })
  const { geometry, grid } = prepare({ chunk })
  const target = boundingBox(zyx(7, -3, 11), zyx(20, 27, 58))
  const mask = outputMask(coarse, zyx(1, 4, 4), target, { inverse: false })
  const survives = (z: number, y: number, x: number): boolean =>
    z + 7 < 10 && Math.floor((y - 3) / 4) < 1 && Math.floor((x + 11) / 4) < 5
  const whole = await infer({ chunk })
  const backend = fakeBackend(neverZero)
  const result = await infer({ chunk, backend, mask })
  let index = 0
  for (let channel = 0; channel < 2; channel++)
    for (let z = 0; z < 13; z++)
      for (let y = 0; y < 30; y++)
        for (let x = 0; x < 47; x++, index++)
          assert.is(
            result.data[index],
            survives(z, y, x) ? whole.data[index] : 0,
            `${channel} ${z} ${y} ${x}`,
          )
  const wanted = grid.outputStarts[0]
    .flatMap((z) => grid.outputStarts[1].flatMap((y) => grid.outputStarts[2].map((x) => [z, y, x])))
    .filter(([z, y, x]) => survives(z!, y!, x!)).length
  assert.is(
    backend.counts.reduce((sum, count) => sum + count, 0),
    wanted,
  )
  assert.ok(wanted < grid.patchCount)
  assert.is(geometry.masked, true)
  // the other way round, everything else survives
  const rest = await infer({ chunk, mask: outputMask(coarse, zyx(1, 4, 4), target, { inverse: true }) })
  assert.is(rest.data[0], 0)
  assert.is(rest.data.at(-1), whole.data.at(-1))
})

test('fills batches in scan order, the last one short', async () => {
  const backend = fakeBackend(unevenRun)
  await infer({ backend, options: { batchSize: 4 } })
  // 3 x 3 x 3 patches
  assert.equal(backend.counts, [4, 4, 4, 4, 4, 4, 3])
})

test('stops between batches and passes on what a model throws', async () => {
  const controller = new AbortController()
  const stopping = fakeBackend(() => () => controller.abort())
  try {
    await infer({ backend: stopping, signal: controller.signal })
    assert.unreachable()
  } catch (error) {
    assert.is((error as ChunkflowError).code, 'run-interrupted')
  }
  const failing = fakeBackend(() => () => {
    throw new Error('out of memory')
  })
  try {
    await infer({ backend: failing })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'out of memory')
  }
})

test.run()
