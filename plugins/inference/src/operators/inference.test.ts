import { homedir } from 'node:os'
import {
  boxSize,
  type Chunk,
  type Compute,
  createChunk,
  emptyChunk,
  parseOptions,
  type ReadVolumeOptions,
  type VariableType,
  type Volume,
  type VolumeFormat,
  withProperties,
  zyx,
} from '@chunkflow/sdk'
import {
  errorOf,
  inlineCompute,
  type OperatorRun,
  openStep,
  randomChunk,
  runOperator,
  serviceFamily,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fakeBackend, identityRun, unevenRun } from '../testing/reference.js'
import inference from './inference.js'

const test = suite('inference')

const C22 = { inputPatchSize: [20, 256, 256], patchNum: [2, 2, 2], framework: 'identity', batchSize: 3 }
const SMALL = {
  inputPatchSize: [4, 12, 16],
  outputPatchOverlap: [1, 4, 4],
  framework: 'fake',
  numOutputChannels: 2,
}

/** A volume whose mask of mip 2 keeps what lies at x < 16. */
const MASKS: VolumeFormat = {
  matches: async (path) => path.startsWith('mem://'),
  create: async () => {
    throw new Error('nobody makes masks here')
  },
  open: async (path) =>
    path.endsWith('none')
      ? null
      : ({
          description: {
            url: path,
            scales: [{ mip: 2, voxelSizeNm: zyx(40, 16, 16), box: undefined, blockSize: undefined }],
          },
          read: async ({ box }: ReadVolumeOptions) => {
            const size = boxSize(box)
            const mask = emptyChunk('uint8', size, { voxelOffset: box.start })
            for (let index = 0; index < mask.data.length; index++)
              mask.data[index] = box.start[2] + (index % size[2]) < 4 ? 1 : 0
            return mask
          },
        } as unknown as Volume),
}

function run(
  options: OperatorRun['options'],
  chunk: Chunk,
  backend = fakeBackend(unevenRun),
  more: OperatorRun = {},
) {
  return runOperator(inference, {
    options: { ...SMALL, ...options },
    variables: { chunk },
    services: {
      compute: inlineCompute(),
      models: serviceFamily({ fake: backend, identity: fakeBackend(identityRun) }),
      volumes: serviceFamily({ test: MASKS }),
    },
    ...more,
  })
}
const chunkOf = ({ task }: Awaited<ReturnType<typeof run>>): Chunk => task.get<Chunk>('chunk')

/** The pattern of create-chunk: floor(255 |sin(4 (z/35 + y/447 + x/447))|). */
function sinImage([depth, height, width]: readonly [number, number, number]): Chunk {
  const data = new Uint8Array(new SharedArrayBuffer(depth * height * width))
  let index = 0
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        data[index++] = Math.floor(
          255 * Math.abs(Math.sin(4 * (z / (depth - 1) + y / (height - 1) + x / (width - 1)))),
        )
  return createChunk(data, [depth, height, width], { voxelSize: [1, 1, 1] })
}

function worstAgainstInput(result: Chunk, image: Chunk): number {
  const data = result.data as Float32Array
  const [channels, depth, height, width] = result.shape as [number, number, number, number]
  const [z0, y0, x0] = result.voxelOffset
  let worst = 0
  let index = 0
  for (let channel = 0; channel < channels; channel++)
    for (let z = z0; z < z0 + depth; z++)
      for (let y = y0; y < y0 + height; y++)
        for (let x = x0; x < x0 + width; x++) {
          const value = image.data[(z * image.shape[1]! + y) * image.shape[2]! + x] as number
          worst = Math.max(worst, Math.abs(data[index++]! - Math.fround(value / 255)))
        }
  return worst
}

test('identity on 36x448x448, aligned (command C22)', async () => {
  const image = sinImage([36, 448, 448])
  const done = await run({ ...C22, outputPatchOverlap: [4, 64, 64], numOutputChannels: 3 }, image)
  const result = chunkOf(done)
  assert.equal(result.shape, [3, 28, 320, 320])
  assert.equal(result.voxelOffset, [4, 64, 64])
  assert.is(result.dtype, 'float32')
  assert.is(done.task.log.compute_device, 'test device')
  assert.ok(worstAgainstInput(result, image) <= 2e-7)
  let sum = 0
  for (let index = 0; index < result.data.length / 3; index++) sum += result.data[index] as number
  assert.ok(Math.abs(sum - 464029872 / 255) < 0.1, String(sum))
  assert.equal(done.messages.warn, [])
})

test('identity on 30x300x310, masked', async () => {
  const image = sinImage([30, 300, 310])
  const options = { ...C22, patchNum: null, outputPatchOverlap: [4, 64, 64], maskOutputChunk: true }
  const result = chunkOf(await run({ ...options, numOutputChannels: 1 }, image))
  assert.equal(result.shape, [1, 30, 300, 310])
  assert.ok(worstAgainstInput(result, image) <= 5e-7)
})

test('zeros stay zeros (command C23) and the device is recorded', async () => {
  const zeros = createChunk(new Uint8Array(36 * 448 * 448), [36, 448, 448])
  const done = await run({ ...C22, outputPatchOverlap: [4, 64, 64], numOutputChannels: 3 }, zeros)
  assert.equal(chunkOf(done).shape, [3, 28, 320, 320])
  assert.ok((chunkOf(done).data as Float32Array).every((value) => value === 0))
  assert.is(done.task.log.compute_device, 'test device')
})

const CHUNK = randomChunk([7, 28, 40], { dtype: 'uint8', voxelOffset: [3, 5, -7] })

test('warns once of surplus channels and of another patch number', async () => {
  const backend = fakeBackend((settings) => unevenRun(settings, settings.outputPatchSize, 3), { channels: 3 })
  const done = await run({ patchNum: [2, 3, 4] }, CHUNK, backend)
  assert.is(done.messages.warn.length, 2)
  assert.match(done.messages.warn.join(), 'gives 3 channels; the first 2 are kept')
  assert.equal(chunkOf(done).shape, [2, 5, 20, 32])
  assert.equal(chunkOf(done).voxelOffset, [4, 9, -3])
  assert.is(backend.disposed, 1)
})

test('tasks of equal chunks share sums of weights', async () => {
  const inline = inlineCompute()
  let withSums = 0
  const compute: Compute = {
    ...inline,
    async open(kernel, options) {
      const session = await inline.open(kernel, options)
      return {
        ...session,
        readKept: async (name, ...rest) => {
          if (name === 'sums') withSums += 1
          await session.readKept(name, ...rest)
        },
      }
    },
  }
  const step = await openStep(inference, {
    options: { ...SMALL, maskOutputChunk: true },
    services: {
      compute,
      models: serviceFamily({ fake: fakeBackend(unevenRun) }),
      volumes: serviceFamily({ test: MASKS }),
    },
  })
  const alone = await run({ maskOutputChunk: true }, CHUNK)
  for (let task = 0; task < 4; task++)
    assert.equal(chunkOf(await step.run({ chunk: CHUNK })).data, chunkOf(alone).data)
  await step.dispose()
  assert.is(withSums, 1)
})

test('hands the model its files, with ~ expanded, and the batch size', async () => {
  const backend = fakeBackend(unevenRun)
  await run({ convnetModel: '~/nets/a.onnx', convnetWeightPath: 'b~/w.pt', batchSize: 5 }, CHUNK, backend)
  const [settings] = backend.loads
  assert.is(settings!.modelPath, `${homedir()}/nets/a.onnx`)
  assert.is(settings!.weightPath, 'b~/w.pt')
  assert.is(settings!.batchSize, 5)
  assert.equal(backend.counts, [5, 5, 5, 3])
})

test('refuses models that do not fit and lets go of them', async () => {
  const few = fakeBackend(unevenRun, { channels: 1 })
  const error = await errorOf(() => run({}, CHUNK, few))
  assert.is(error.code, 'model-channels')
  assert.is(error.fix, 'add --num-output-channels 1')
  assert.is(few.disposed, 1)
  const odd = fakeBackend(unevenRun, { resultSize: [4, 10, 14] })
  assert.is((await errorOf(() => run({}, CHUNK, odd))).code, 'model-output-size')
})

test('names the frameworks there are', async () => {
  const error = await errorOf(() => run({ framework: 'pznet' }, CHUNK))
  assert.is(error.code, 'framework-unknown')
  assert.match(error.fix!, '--framework fake or identity')
  const general = await errorOf(() => run({ framework: 'general' }, CHUNK))
  assert.match(general.what, '"universal"')
})

test('refuses declared labels, but not 16-bit images', async () => {
  const data = randomChunk([7, 28, 40], { dtype: 'uint16' }).data
  const labels = createChunk(data, [7, 28, 40], { layerType: 'segmentation' })
  assert.is((await errorOf(() => run({}, labels))).code, 'input-segmentation')
  const image = createChunk(data, [7, 28, 40])
  assert.is(image.layerType, 'segmentation')
  assert.equal(chunkOf(await run({}, image)).shape, [2, 5, 20, 32])
})

test('refuses a wrong number of channels and options that contradict each other', async () => {
  const two = randomChunk([2, 7, 28, 40], { dtype: 'uint8' })
  assert.is((await errorOf(() => run({ numInputChannels: 3 }, two))).code, 'input-channels')
  assert.is((await errorOf(() => run({ bump: 'zung' }, CHUNK))).code, 'flag-invalid')
  assert.is((await errorOf(() => run({ maskMyelinThreshold: 0.3 }, CHUNK))).code, 'flag-invalid')
  assert.is((await errorOf(() => run({ augment: true }, CHUNK))).code, 'patch-invalid')
})

test('averages eight variants with --augment', async () => {
  const options = { inputPatchSize: [4, 12, 12], augment: true, maskOutputChunk: true, numOutputChannels: 1 }
  const backend = fakeBackend(identityRun)
  const result = chunkOf(await run(options, CHUNK, backend))
  const data = result.data as Float32Array
  assert.ok(data.every((value, index) => Math.abs(value - (CHUNK.data[index] as number) / 255) < 5e-7))
  assert.is(backend.counts.length, 8 * 2 * 3 * 5)
})

test('masks by a variable or a volume, and refuses both and neither', async () => {
  const chunk = withProperties(CHUNK, { voxelSize: zyx(40, 4, 4) })
  const plain = chunkOf(await run({ maskOutputChunk: true }, chunk))
  const mask = emptyChunk('bool', [7, 28, 40], { voxelOffset: chunk.voxelOffset })
  const removed = (index: number): boolean => (index % 40) - 7 >= 16
  mask.data.forEach((_: number | bigint, index: number) => {
    mask.data[index] = removed(index) ? 1 : 0
  })
  const expected = Float32Array.from(plain.data as Float32Array, (value, index) =>
    removed(index) ? 0 : value,
  )
  const byName = await run(
    { maskOutputChunk: true, maskChunkName: 'mask', maskInverse: true },
    chunk,
    undefined,
    { variables: { chunk, mask } },
  )
  assert.equal(new Float32Array(chunkOf(byName).data as Float32Array), expected)
  assert.match(byName.messages.info.join(), '6 patches did not need the model: 0 blank, 6 masked')
  const volume = { maskOutputChunk: true, maskVolumePath: 'mem://masks', maskMip: 2 }
  assert.equal(new Float32Array(chunkOf(await run(volume, chunk)).data as Float32Array), expected)
  assert.is((await errorOf(() => run({ ...volume, maskMip: 3 }, chunk))).code, 'mask-missing')
  assert.is(
    (await errorOf(() => run({ ...volume, maskVolumePath: 'mem://none' }, chunk))).code,
    'mask-missing',
  )
  const both = parseOptions(inference, { ...SMALL, maskVolumePath: 'm', maskChunkName: 'm' }) as never
  assert.is((await errorOf(() => inference.infer!({}, both))).code, 'flag-invalid')
})

test('hands on where and how the model runs, and its weights', async () => {
  const backend = fakeBackend(unevenRun)
  await run({ device: 'cuda:1', threads: 3, outputName: 'mask', python: '/opt/python' }, CHUNK, backend)
  const { device, threads, outputName, python, patchWeights } = backend.loads[0]!
  assert.equal([device, threads, outputName, python], ['cuda:1', 3, 'mask', '/opt/python'])
  assert.is(patchWeights!.length, 4 * 12 * 16)
  const affinity = { inputPatchSize: [4, 12, 12], augmentAffinity: true, numOutputChannels: 3 }
  const eightfold = fakeBackend(unevenRun)
  await run({ ...affinity, maskOutputChunk: true }, CHUNK, eightfold)
  assert.is(eightfold.loads[0]!.patchWeights, undefined)
  assert.is((await errorOf(() => run({ ...affinity, numOutputChannels: 2 }, CHUNK))).code, 'flag-invalid')
})

test('explains chunks that fit and chunks that do not, and runs nothing', async () => {
  const backend = fakeBackend(unevenRun)
  for (const dryRun of [false, true]) {
    const done = await run({ explain: true }, CHUNK, backend, { dryRun })
    assert.is(done.outcome?.kind, 'skip')
    assert.ok(done.messages.result.includes('patches   2×3×3 = 18, in 18 batches of up to 1'))
    assert.ok(done.messages.result.some((line) => line.includes('box 4-9_9-29_-3-29')))
  }
  const odd = randomChunk([8, 28, 40], { dtype: 'uint8' })
  const done = await run({ explain: true }, odd, backend)
  assert.ok(done.messages.result.includes('  z       8 does not fit: use 7 or 10'))
  const options = parseOptions(inference, { ...SMALL, explain: true }) as never
  const known: VariableType = { kind: 'chunk', dtype: 'uint8', rank: 3, shape: [8, 28, 40] }
  assert.equal(inference.infer!({ inputChunkName: known }, options), {
    outputChunkName: { kind: 'chunk', dtype: 'float32', rank: 4 },
  })
  assert.ok(inference.explain!({ inputChunkName: known }, options).some((line) => line.startsWith('refused')))
  assert.equal(backend.loads, [])
})

test('a dry run gives a pattern of the right place without loading a model', async () => {
  const backend = fakeBackend(unevenRun)
  const options = { numOutputChannels: 4, maskMyelinThreshold: 0.3, dtype: 'float16' }
  const done = await run(options, CHUNK, backend, { dryRun: true })
  const result = chunkOf(done)
  assert.equal(result.shape, [3, 5, 20, 32])
  assert.is(result.dtype, 'float16')
  assert.equal(result.voxelOffset, [4, 9, -3])
  assert.equal(backend.loads, [])
  assert.match(done.messages.info.join(), '18 patches')
})

test('tells the planner shape, dtype and bytes, and refuses early', async () => {
  const options = parseOptions(inference, { ...SMALL, batchSize: 2 }) as never
  const known: VariableType = { kind: 'chunk', dtype: 'uint8', rank: 3, shape: [7, 28, 40] }
  const inferred = inference.infer!({ inputChunkName: known }, options)
  assert.equal(inferred.outputChunkName, { kind: 'chunk', dtype: 'float32', rank: 4, shape: [2, 5, 20, 32] })
  const { bytes } = inference.estimate!({ inputChunkName: known }, options)!
  const patch = 4 * 12 * 16 * 4
  const expected =
    2 * 5 * 20 * 32 * 4 + // output
    2 * 2 * (patch + 2 * patch) + // two batches of two patches and two result channels
    (4 * 12 * 40 + patch) + // a row of the input and a patch
    2 * patch // weights and a result
  assert.is(bytes, expected)
  assert.is(inference.estimate!({ inputChunkName: { kind: 'chunk' } }, options), undefined)
  const misaligned = await errorOf(() =>
    inference.infer!({ inputChunkName: { ...known, shape: [7, 29, 40] } }, options),
  )
  assert.is(misaligned.code, 'chunk-misaligned')
  const labels = { ...known, layerType: 'segmentation', layerTypeDeclared: true } as const
  assert.is(
    (await errorOf(() => inference.infer!({ inputChunkName: labels }, options))).code,
    'input-segmentation',
  )
})

test.run()
