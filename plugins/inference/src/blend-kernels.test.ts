import { type Chunk, type Compute, type KernelCall, SILENT_PROGRESS } from '@chunkflow/sdk'
import { codeOf, inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createBlendKernels } from './blend-kernels.js'
import { inferChunk } from './infer-chunk.js'
import { modelSettings } from './load-model.js'
import { geometryOf, gridOf, type InferenceOptions } from './settings.js'
import { fakeBackend, identityRun, SMALL_OPTIONS as OPTIONS, unevenRun } from './testing/reference.js'
import { patchWeights } from './weights.js'

const test = suite('blend kernels')

interface OpenedSession {
  readonly calls: KernelCall[]
  closed: boolean
}

/** Notes the sessions of the blend kernel, and what they were asked. @param change of what they are asked */
function watchedCompute(change: (call: KernelCall, session: number) => KernelCall) {
  const inline = inlineCompute()
  const sessions: OpenedSession[] = []
  const compute: Compute = {
    ...inline,
    async open(kernel, options) {
      const session = await inline.open(kernel, options)
      if (kernel.name !== 'blend') return session
      const opened: OpenedSession = { calls: [], closed: false }
      const number = sessions.push(opened) - 1
      return {
        ...session,
        call: (call) => {
          opened.calls.push(call)
          return session.call(change(call, number))
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
function series(
  change: Partial<InferenceOptions> = {},
  changeCall: (call: KernelCall, session: number) => KernelCall = (call) => call,
) {
  const { compute, sessions } = watchedCompute(changeCall)
  const blendKernels = createBlendKernels(compute)
  const options = { ...OPTIONS, ...change }
  const geometry = geometryOf(options)
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const run = new AbortController()
  return {
    sessions,
    weights,
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

/** What a session keeps besides the output and the weights. */
const sumsOf = (session: OpenedSession): number => regionsOf(session).get('sums') ?? 0

test('every chunk has a kernel of its own, which ends with it', async () => {
  const { infer, sessions } = series()
  for (const [count, size] of [
    [1, [13, 30, 47]],
    [2, [13, 30, 47]],
    // as many voxels, but other patches
    [3, [13, 47, 30]],
  ] as const) {
    await infer(chunkOf(...(size as [number, number, number])))
    assert.is(sessions.length, count)
    assert.ok(sessions.every(({ closed }) => closed))
  }
})

test('results of earlier chunks stay as they are', async () => {
  const { infer } = series()
  const first = await infer(chunkOf(13, 30, 47))
  const copy = first.data.slice()
  await infer(randomChunk([13, 30, 47], { dtype: 'uint8' }, { seed: 5 }))
  assert.equal(first.data, copy)
})

test('sums are kept from the second of equal chunks on, and not made again', async () => {
  const weighted = (weights: Float32Array) => {
    const run = (settings: Parameters<typeof unevenRun>[0]) => {
      const uneven = unevenRun(settings)
      return (batch: Float32Array, count: number, result: Float32Array) => {
        uneven(batch, count, result)
        for (let index = 0; index < result.length; index++) result[index]! *= weights[index % weights.length]!
      }
    }
    return { backend: fakeBackend(run, { weighted: true }), sumsBytes: 1e9 }
  }
  // the third chunk gets no weights: no sum can be made of them
  const { infer, sessions, weights } = series({}, (call, session) => {
    const [region] = call.args
    const isWeights = typeof region === 'object' && 'keep' in region && region.keep === 'weights'
    if (session !== 2 || call.export !== 'read' || !isWeights) return call
    return { ...call, args: [region, 0, { in: new Float32Array(weights.length) }, weights.byteLength] }
  })
  const chunk = chunkOf(13, 30, 47)
  const first = await infer(chunk, weighted(weights))
  assert.is(sumsOf(sessions[0]!), 0)
  for (const session of [1, 2]) {
    assert.equal((await infer(chunk, weighted(weights))).data, first.data)
    assert.ok(sumsOf(sessions[session]!) > 0)
  }
})

test('sums of other patches are forgotten', async () => {
  const { infer, sessions } = series()
  for (const size of [30, 30, 47, 30]) await infer(chunkOf(13, size, 77 - size))
  assert.equal(
    sessions.map((session) => sumsOf(session) > 0),
    [false, true, false, false],
  )
})

test('sums take their share of the result at most', async () => {
  const { infer, sessions } = series()
  const chunk = chunkOf(23, 61, 94)
  const first = await infer(chunk)
  assert.equal((await infer(chunk)).data, first.data)
  const sums = sumsOf(sessions[1]!)
  assert.ok(sums > 0 && sums <= first.data.byteLength / 32, `${sums} of ${first.data.byteLength}`)
})

test('nothing is normalised without --mask-output-chunk', async () => {
  const { infer, sessions } = series({ maskOutputChunk: false })
  const chunk = chunkOf(14, 28, 48)
  const first = await infer(chunk)
  assert.equal((await infer(chunk)).data, first.data)
  assert.is(sumsOf(sessions[1]!), 0)
})

test('nothing is kept of a failure', async () => {
  const { infer, sessions } = series()
  const chunk = chunkOf(13, 30, 47)
  const bad = fakeBackend((settings) => (batch, count, result) => {
    identityRun(settings)(batch, count, result)
    result[result.length - 1] = Number.NaN
  })
  assert.is(await codeOf(() => infer(chunk, { backend: bad })), 'output-range')
  assert.ok(sessions[0]!.closed)
  const good = await infer(chunk)
  assert.is(sumsOf(sessions[1]!), 0)
  assert.equal((await infer(chunk)).data, good.data)
  assert.ok(sumsOf(sessions[2]!) > 0)
})

test.run()
