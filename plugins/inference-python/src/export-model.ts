import {
  allocate,
  chunkflowError,
  type InferenceBackend,
  isChunkflowError,
  type Logger,
  type PythonArray,
  type PythonSession,
  productZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { ask } from './problems.js'

/** Which sizes of an ONNX file may differ from those of the patch it was traced with. */
type Freedom = 'all' | 'batch' | 'none'

export interface ExportSettings {
  /** A process that has loaded the model, on the processor. */
  readonly session: PythonSession
  /** Runs ONNX files. */
  readonly onnx: InferenceBackend
  readonly inputChannels: number
  readonly inputPatchSize: Zyx
  /** Largest difference from PyTorch that is taken for rounding. */
  readonly tolerance: number
  readonly logger: Logger
  readonly signal: AbortSignal
}

export interface ExportReport {
  readonly freedom: Freedom
  readonly largestDifference: number
  readonly patches: number
}

/** Random patches, and what PyTorch makes of them. */
interface Trial {
  readonly count: number
  readonly size: Zyx
  readonly batch: Float32Array
  readonly channels: number
  readonly resultSize: Zyx
  readonly expected: Float32Array
}

/**
 * Writes the model as an ONNX file with as many free sizes as give the same results as PyTorch on random patches.
 * @throws export-failed, export-differs
 */
export async function exportModel(path: string, settings: ExportSettings): Promise<ExportReport> {
  const { session, inputChannels, inputPatchSize, signal, logger } = settings
  const same = [await trialOf(settings, 1, inputPatchSize)]
  const two = [...same, await trialOf(settings, 2, inputPatchSize)]
  const other = await otherSize(settings)
  const levels: (readonly [Freedom, readonly Trial[]])[] = [
    ...(other === undefined ? [] : [['all', [...two, other]] as const]),
    ['batch', two],
    ['none', same],
  ]
  let failure: unknown
  for (const [freedom, trials] of levels) {
    try {
      await ask(session, 'export', [path, [inputChannels, ...inputPatchSize], freedom], signal)
      const largestDifference = await compare(path, trials, settings)
      return { freedom, largestDifference, patches: trials.reduce((sum, { count }) => sum + count, 0) }
    } catch (error) {
      if (signal.aborted || !isChunkflowError(error)) throw error
      logger.debug(`with ${freedom} sizes free: ${error.what}`)
      failure = error
    }
  }
  throw failure
}

/** A patch of another size that the network takes, run by PyTorch; undefined when it takes none. */
async function otherSize(settings: ExportSettings): Promise<Trial | undefined> {
  const [z, y, x] = settings.inputPatchSize
  const candidates = [...(y % 2 === 0 && x % 2 === 0 ? [zyx(2 * z, y / 2, x / 2)] : []), zyx(z, 2 * y, 2 * x)]
  for (const size of candidates)
    try {
      return await trialOf(settings, 1, size)
    } catch (error) {
      if (settings.signal.aborted || !isChunkflowError(error)) throw error
      settings.logger.debug(`the network does not take ${size.join(' ')}: ${error.what}`)
    }
  return undefined
}

async function trialOf(
  { session, inputChannels, signal }: ExportSettings,
  count: number,
  size: Zyx,
): Promise<Trial> {
  const batch = allocate('float32', count * inputChannels * productZyx(size)) as Float32Array
  let state = 2654435769 + count
  for (let index = 0; index < batch.length; index++) {
    // a linear congruential generator (Numerical Recipes): any patch does, the same one every time
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    batch[index] = state / 2 ** 32
  }
  const patches: PythonArray = { dtype: 'float32', shape: [count, inputChannels, ...size], data: batch }
  const { result } = await ask(session, 'predict', [patches], signal)
  const { shape, data } = result as PythonArray
  const [, channels, ...resultSize] = shape as [number, number, number, number, number]
  return {
    count,
    size,
    batch,
    channels,
    resultSize: zyx(...(resultSize as [number, number, number])),
    expected: data as Float32Array,
  }
}

/** @returns the largest difference. @throws export-differs, and what onnxruntime says */
async function compare(
  path: string,
  trials: readonly Trial[],
  { onnx, inputChannels, tolerance, signal }: ExportSettings,
): Promise<number> {
  let largest = 0
  for (const { count, size, batch, channels, resultSize, expected } of trials) {
    const model = await onnx.load({
      modelPath: path,
      weightPath: undefined,
      inputPatchSize: size,
      outputPatchSize: resultSize,
      inputChannels,
      outputChannels: channels,
      batchSize: count,
      dtype: 'float32',
      device: 'cpu',
      signal,
    })
    try {
      const result = allocate('float32', expected.length) as Float32Array
      if (model.channels !== channels || String(model.resultSize) !== String(resultSize))
        throw differs(
          `${model.channels}x${model.resultSize.join('x')}`,
          `${channels}x${resultSize.join('x')}`,
        )
      await model.run(batch, count, result)
      for (let index = 0; index < expected.length; index++) {
        const difference = Math.abs(result[index]! - expected[index]!)
        if (!(difference <= tolerance)) throw differs(`${result[index]}`, `${expected[index]}`)
        largest = Math.max(largest, difference)
      }
    } finally {
      await model.dispose?.()
    }
  }
  return largest
}

const differs = (given: string, expected: string): Error =>
  chunkflowError('export-differs', `The ONNX file gives ${given} where PyTorch gives ${expected}`, {
    fix: 'run the model with --framework pytorch: tracing cannot follow what it does',
  })
