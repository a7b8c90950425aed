import { cpus } from 'node:os'
import {
  type Compute,
  chunkflowError,
  type Files,
  type InferenceBackend,
  type Model,
  type ModelSettings,
  type WorkerSession,
} from '@chunkflow/sdk'
import { describeModel, describeResult, type ModelInfo } from './model-shape.js'
import type { ProbeRequest, RunRequest } from './ort.worker.js'

export interface BackendSettings {
  readonly compute: Compute
  readonly files: Files
  /** Built `ort.worker.ts`. */
  readonly worker: URL
}

/**
 * Models in ONNX files through onnxruntime, on the processor. The graph reads (batch, channel, z, y, x) in [0, 1], float32 or
 * float16, and gives probabilities; pre- and post-processing are part of it.
 */
export function createOnnxBackend({ compute, files, worker }: BackendSettings): InferenceBackend {
  return Object.freeze({
    async load(settings: ModelSettings) {
      const path = await requireFile(files, settings.modelPath)
      const session = await compute.startWorker(worker)
      try {
        return await openModel(session, path, settings)
      } catch (error) {
        await session.close()
        throw error
      }
    },
  })
}

async function requireFile(files: Files, modelPath: string | undefined): Promise<string> {
  if (modelPath === undefined)
    throw chunkflowError('onnx-model-missing', 'The framework onnx needs a model file', {
      fix: 'add --convnet-model model.onnx',
    })
  const path = files.resolve(modelPath)
  const status = await files.status(path)
  if (status?.kind !== 'file')
    throw chunkflowError(
      'onnx-model-missing',
      status === null ? `There is no model file ${path}` : `The model ${path} is a directory, not a file`,
      { fix: 'give an .onnx file with --convnet-model' },
    )
  return path
}

async function openModel(session: WorkerSession, path: string, settings: ModelSettings): Promise<Model> {
  const info = await session.call<ModelInfo>('load', { path })
  const { inputType, outputType, fixedBatch, result } = describeModel(info, settings)
  const inputShape = [settings.inputChannels, ...settings.inputPatchSize]
  const { channels, size } =
    result ??
    describeResult(
      await session.call<readonly number[]>('probe', {
        inputType,
        shape: [fixedBatch ?? 1, ...inputShape],
      } satisfies ProbeRequest),
    )
  return {
    computeDevice: cpus()[0]?.model.trim() || 'cpu',
    channels,
    resultSize: size,
    run: (batch, count, results) =>
      session.call<void>('run', {
        batch,
        count,
        group: fixedBatch ?? count,
        inputType,
        outputType,
        inputShape,
        resultShape: [channels, ...size],
        result: results,
      } satisfies RunRequest),
    async dispose() {
      await session.call('release')
      await session.close()
    },
  }
}
