import { equalZyx, formatSize, productZyx } from '@chunkflow/kernel/authoring'
import type { InferenceBackend, Model, ModelSettings } from '../contracts/inference.js'
import { seededRandom } from './chunk-builders.js'
import { broken, type ConformanceCheck, isRefusal } from './conformance-check.js'

export interface InferenceBackendConformanceSettings {
  /** A model it can run, with a batch size of at least 2. */
  readonly model: ModelSettings
  /** Models it must refuse: a missing file, patches the network cannot take, more channels than it gives. */
  readonly refused?: readonly Partial<ModelSettings>[]
  /** By how much results may differ between batches of different length; 0 unless given. */
  readonly tolerance?: number
}

/** No network gives it: a voxel that is still so was not written. */
const UNWRITTEN = Math.fround(-1e30)

/** What an inference backend promises (see the contract INFERENCE), as cases for any test runner. */
export function inferenceBackendConformance(
  backend: () => Promise<InferenceBackend> | InferenceBackend,
  settings: InferenceBackendConformanceSettings,
): readonly ConformanceCheck[] {
  const withModel = (
    name: string,
    run: (model: Model, settings: InferenceBackendConformanceSettings) => Promise<void>,
  ): ConformanceCheck => ({
    name,
    run: async () => {
      const model = await (await backend()).load(settings.model)
      try {
        await run(model, settings)
      } finally {
        await model.dispose?.()
      }
    },
  })
  return [
    withModel('says what its results are', async (model) => checkDescription(model, settings.model)),
    withModel('fills the results of a whole batch', checkFilled),
    withModel('gives the same results again, and leaves the batch alone', checkRepeat),
    withModel('runs short batches, and leaves the rest alone', checkShort),
    withModel('keeps the patches of a batch apart', checkApart),
    { name: 'runs two models side by side', run: async () => checkSideBySide(await backend(), settings) },
    { name: 'refuses models it cannot run', run: async () => checkRefused(await backend(), settings) },
  ]
}

function checkDescription(model: Model, settings: ModelSettings): void {
  if (model.computeDevice.trim() === '') throw broken('it does not say on what it computes')
  if (!(model.channels >= settings.outputChannels))
    throw broken(`it gives ${model.channels} channels, ${settings.outputChannels} were asked for`)
  const { resultSize } = model
  if (!equalZyx(resultSize, settings.inputPatchSize) && !equalZyx(resultSize, settings.outputPatchSize))
    throw broken(`results of ${formatSize(resultSize)} are neither input nor output patches`)
}

interface Batch {
  readonly input: Float32Array
  readonly patchLength: number
  readonly resultLength: number
}

/** Patches of different random values in [0, 1) on shared memory, as many as a batch holds. */
function batchFor(model: Model, { inputChannels, inputPatchSize, batchSize }: ModelSettings): Batch {
  const patchLength = inputChannels * productZyx(inputPatchSize)
  const random = seededRandom(7)
  const input = shared(batchSize * patchLength).map(() => random())
  return {
    input: shared(input.length, input),
    patchLength,
    resultLength: model.channels * productZyx(model.resultSize),
  }
}

function shared(length: number, values?: Float32Array): Float32Array {
  const array = new Float32Array(new SharedArrayBuffer(length * 4))
  if (values !== undefined) array.set(values)
  return array
}

async function run(
  model: Model,
  batch: Float32Array,
  count: number,
  slots: number,
  resultLength: number,
): Promise<Float32Array> {
  const result = shared(slots * resultLength).fill(UNWRITTEN)
  await model.run(batch, count, result)
  return result
}

const runAll = (
  model: Model,
  { input, resultLength }: Batch,
  { batchSize }: ModelSettings,
): Promise<Float32Array> => run(model, input, batchSize, batchSize, resultLength)

async function checkFilled(
  model: Model,
  { model: settings }: InferenceBackendConformanceSettings,
): Promise<void> {
  const result = await runAll(model, batchFor(model, settings), settings)
  if (result.includes(UNWRITTEN)) throw broken('a part of the results is not written')
  if (!result.every(Number.isFinite)) throw broken('results of values in [0, 1] are not all finite')
}

async function checkRepeat(
  model: Model,
  { model: settings }: InferenceBackendConformanceSettings,
): Promise<void> {
  const batch = batchFor(model, settings)
  const before = batch.input.slice()
  const first = await runAll(model, batch, settings)
  if (difference(batch.input, before) > 0) throw broken('it changes the batch')
  if (difference(await runAll(model, batch, settings), first) > 0)
    throw broken('the same batch gives other results')
}

async function checkShort(
  model: Model,
  { model: settings, tolerance = 0 }: InferenceBackendConformanceSettings,
): Promise<void> {
  const batch = batchFor(model, settings)
  const all = await runAll(model, batch, settings)
  const { resultLength } = batch
  const short = await run(model, batch.input, 1, settings.batchSize, resultLength)
  if (short.subarray(resultLength).some((value) => value !== UNWRITTEN))
    throw broken('a batch of one patch writes more than one result')
  const off = difference(short.subarray(0, resultLength), all.subarray(0, resultLength))
  if (off > tolerance) throw broken(`a patch by itself gives another result than in a batch: ${off} off`)
}

async function checkApart(
  model: Model,
  { model: settings, tolerance = 0 }: InferenceBackendConformanceSettings,
): Promise<void> {
  const batch = batchFor(model, settings)
  const { patchLength, resultLength } = batch
  const before = await runAll(model, batch, settings)
  // the last patch becomes another one
  const changed = shared(batch.input.length, batch.input)
  changed.subarray(-patchLength).fill(0.5)
  const after = await run(model, changed, settings.batchSize, settings.batchSize, resultLength)
  const others = before.length - resultLength
  if (difference(before.subarray(0, others), after.subarray(0, others)) > tolerance)
    throw broken('the result of a patch depends on the patches beside it')
  if (difference(before.subarray(others), after.subarray(others)) === 0)
    throw broken('another patch gives the same result')
}

async function checkSideBySide(
  backend: InferenceBackend,
  { model: settings }: InferenceBackendConformanceSettings,
): Promise<void> {
  const models = await Promise.all([backend.load(settings), backend.load(settings)])
  let left = [...models]
  try {
    const batch = batchFor(models[0], settings)
    const [one, other] = await Promise.all(models.map((model) => runAll(model, batch, settings)))
    if (difference(one!, other!) > 0) throw broken('two models of one file give different results')
    await models[0].dispose?.()
    left = [models[1]]
    if (difference(await runAll(models[1], batch, settings), one!) > 0)
      throw broken('a model changes when another one is disposed')
  } finally {
    for (const model of left) await model.dispose?.()
  }
}

async function checkRefused(
  backend: InferenceBackend,
  { model, refused = [] }: InferenceBackendConformanceSettings,
): Promise<void> {
  for (const change of refused) {
    const what = JSON.stringify(change)
    let loaded: Model | undefined
    try {
      loaded = await backend.load({ ...model, ...change })
    } catch (error) {
      if (isRefusal(error)) continue
      throw broken(`${what} ends without a proper error: ${(error as Error).message}`)
    }
    // a backend may leave it to its caller to compare what the model gives with what was asked for
    const enough =
      loaded.channels >= (change.outputChannels ?? 0) &&
      equalZyx(loaded.resultSize, change.outputPatchSize ?? loaded.resultSize)
    await loaded.dispose?.()
    if (enough) throw broken(`${what} is accepted`)
  }
}

function difference(one: Float32Array, other: Float32Array): number {
  let largest = 0
  for (let index = 0; index < one.length; index++)
    largest = Math.max(largest, Math.abs(one[index]! - other[index]!))
  return largest
}
