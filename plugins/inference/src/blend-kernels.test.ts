import {
  type Chunk,
  type Compute,
  createChunk,
  type KernelCall,
  type KernelSession,
  SILENT_PROGRESS,
} from '@chunkflow/sdk'
import { codeOf, inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createBlendKernels, weightsRegion } from './blend-kernels.js'
import { inferChunk } from './infer-chunk.js'
import { modelSettings } from './load-model.js'
import { geometryOf, gridOf, type InferenceOptions } from './settings.js'
import { fakeBackend, identityRun, unevenRun } from './testing/reference.js'
import { patchWeights } from './weights.js'

const test = suite('blend kernels')

const OPTIONS: InferenceOptions = {
  inputPatchSize: [6, 16, 20],
  outputPatchSize: undefined,
  outputPatchOverlap: [2, 4, 6],
  outputCropMargin: undefined,
  patchNum: undefined,
  numInputChannels: 1,
  numOutputChannels: 2,
  dtype: 'float32',
  batchSize: 3,
  bump: 'wu',
  maskOutputChunk: true,
  maskMyelinThreshold: undefined,
  augment: false,
  augmentAffinity: false,
  skipBlankPatches: false,
}

interface OpenedSession {
  readonly session: KernelSession
  readonly calls: KernelCall[]
  closed: boolean
}

/** Counts the sessions of the blend kernel, and what they were asked. */
function watchedCompute() {
  const inline = inlineCompute()
  const sessions: OpenedSession[] = []
  const compute: Compute = {
    ...inline,
    async open(kernel, options) {
      const session = await inline.open(kernel, options)
      if (kernel.name !== 'blend') return session
      const opened: OpenedSession = { session, calls: [], closed: false }
      sessions.push(opened)
      return {
        ...session,
        call: (call) => {
          opened.calls.push(call)
          return session.call(call)
        },
        close: async () => {
          opened.closed = true
          await session.close()
        },
      }
    },
  }
  return { compute, sessions }
}

/** Infers chunks one after another, as an operator does. */
function series(change: Partial<InferenceOptions> = {}) {
  const { compute, sessions } = watchedCompute()
  const blendKernels = createBlendKernels(compute)
  const options = { ...OPTIONS, ...change }
  const geometry = geometryOf(options)
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const run = new AbortController()
  return {
    sessions,
    weights,
    dispose: () => blendKernels.dispose(),
    async infer(
      chunk: Chunk,
      {
        backend = fakeBackend(unevenRun),
        signal = run.signal,
        ...more
      }: { backend?: ReturnType<typeof fakeBackend>; signal?: AbortSignal; sumsBytes?: number } = {},
    ): Promise<Chunk> {
      const files = { convnetModel: undefined, convnetWeightPath: undefined }
      return inferChunk({
        chunk,
        options,
        geometry,
        grid: gridOf(geometry, chunk.shape, options),
        model: await backend.load(modelSettings({ ...options, ...files }, geometry)),
        weights,
        compute,
        blendKernels,
        context: { signal, progress: SILENT_PROGRESS },
        ...more,
      })
    },
  }
}

const chunkOf = (...size: [number, number, number]): Chunk =>
  randomChunk(size, { dtype: 'uint8', voxelOffset: [7, -3, 11] })

/** Bytes of regions that calls name, by name. */
const regionsOf = ({ calls }: OpenedSession): Map<string, number> =>
  new Map(
    calls.flatMap(({ args }) =>
      args.flatMap((argument) =>
        typeof argument === 'object' && 'keep' in argument ? [[argument.keep, argument.bytes] as const] : [],
      ),
    ),
  )

test('equal chunks share one kernel, others get their own', async () => {
  const { infer, sessions, dispose } = series()
  await infer(chunkOf(13, 30, 47))
  await infer(chunkOf(13, 30, 47))
  assert.is(sessions.length, 1)
  // as many voxels, but other patches
  await infer(chunkOf(13, 47, 30))
  assert.is(sessions.length, 2)
  assert.equal(
    sessions.map(({ closed }) => closed),
    [true, false],
  )
  await infer(chunkOf(13, 30, 47))
  assert.is(sessions.length, 3)
  await dispose()
  assert.ok(sessions.every(({ closed }) => closed))
})

test('sums are kept from the second of equal chunks on, and not made again', async () => {
  const { infer, sessions, weights, dispose } = series()
  const chunk = chunkOf(13, 30, 47)
  const weighted = () => {
    const run = (settings: Parameters<typeof unevenRun>[0]) => {
      const uneven = unevenRun(settings)
      return (batch: Float32Array, count: number, result: Float32Array) => {
        uneven(batch, count, result)
        for (let index = 0; index < result.length; index++) result[index]! *= weights[index % weights.length]!
      }
    }
    return { backend: fakeBackend(run, { weighted: true }), sumsBytes: 1e9 }
  }
  const first = await infer(chunk, weighted())
  assert.not.ok(regionsOf(sessions[0]!).has('sums'))
  assert.equal((await infer(chunk, weighted())).data, first.data)
  assert.ok(regionsOf(sessions[0]!).has('sums'))
  // without weights no sum can be made: they are those of the chunk before
  const none = new Float32Array(weights.length)
  await sessions[0]!.session.call({
    export: 'read',
    args: [weightsRegion(weights), 0, { in: none }, none.byteLength],
  })
  assert.equal((await infer(chunk, weighted())).data, first.data)
  assert.is(sessions.length, 1)
  await dispose()
})

test('sums take their share of the result at most', async () => {
  const { infer, sessions, dispose } = series()
  const chunk = chunkOf(23, 61, 94)
  const first = await infer(chunk)
  assert.equal((await infer(chunk)).data, first.data)
  const sums = regionsOf(sessions[0]!).get('sums')!
  assert.ok(sums > 0 && sums <= first.data.byteLength / 32, `${sums} of ${first.data.byteLength}`)
  await dispose()
})

test('nothing is normalised without --mask-output-chunk, the kernel waits all the same', async () => {
  const { infer, sessions, dispose } = series({ maskOutputChunk: false })
  const chunk = chunkOf(14, 28, 48)
  const first = await infer(chunk)
  assert.equal((await infer(chunk)).data, first.data)
  assert.is(sessions.length, 1)
  assert.not.ok(regionsOf(sessions[0]!).has('sums'))
  await dispose()
})

test('a kernel is not used after a failure, nor under another signal', async () => {
  const { infer, sessions, dispose } = series()
  const chunk = chunkOf(13, 30, 47)
  const good = await infer(chunk)
  const bad = fakeBackend((settings) => (batch, count, result) => {
    identityRun(settings)(batch, count, result)
    result[result.length - 1] = Number.NaN
  })
  assert.is(await codeOf(() => infer(chunk, { backend: bad })), 'output-range')
  assert.ok(sessions[0]!.closed)
  assert.equal((await infer(chunk)).data, good.data)
  assert.is(sessions.length, 2)
  await infer(chunk, { signal: new AbortController().signal })
  assert.is(sessions.length, 3)
  assert.ok(sessions[1]!.closed)
  await dispose()
})

test('a kernel that holds much beside the result does not wait', async () => {
  // one patch: the band is as large as the result
  const { infer, sessions, dispose } = series({ inputPatchSize: [90, 256, 250], numOutputChannels: 1 })
  const data = new Uint8Array(new SharedArrayBuffer(90 * 256 * 250)).fill(1)
  await infer(createChunk(data, [90, 256, 250]), { backend: fakeBackend(identityRun) })
  assert.ok(sessions[0]!.closed)
  await dispose()
})

test.run()
