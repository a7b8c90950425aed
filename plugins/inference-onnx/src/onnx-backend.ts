import { cpus } from 'node:os'
import {
  type Compute,
  chunkflowError,
  type Files,
  type InferenceBackend,
  isChunkflowError,
  type Logger,
  type Model,
  type ModelSettings,
  type WorkerSession,
} from '@chunkflow/sdk'
import { chooseDevice, findCuda, type OrtDevice } from './device.js'
import { describeModel, describeResult, type ModelInfo } from './model-shape.js'
import type { LoadRequest, ProbeRequest, RunRequest } from './ort.worker.js'

export interface BackendSettings {
  readonly compute: Compute
  readonly files: Files
  /** Built `ort.worker.ts`. */
  readonly worker: URL
  readonly logger: Logger
  /** Whether onnxruntime's CUDA libraries are installed. */
  readonly hasCuda?: boolean
}

/**
 * Models in ONNX files through onnxruntime. The graph reads (batch, channel, z, y, x) in [0, 1], float32 or
 * float16, and gives probabilities; pre- and post-processing are part of it.
 */
export function createOnnxBackend({
  compute,
  files,
  worker,
  logger,
  hasCuda = findCuda(),
}: BackendSettings): InferenceBackend {
  return Object.freeze({
    async load(settings: ModelSettings) {
      const path = await requireFile(files, settings.modelPath)
      const device = chooseDevice(settings.device ?? 'auto', hasCuda)
      const session = await compute.startWorker(worker)
      try {
        return await openModel(session, { path, device, threads: settings.threads }, settings, logger)
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

async function openModel(
  session: WorkerSession,
  request: LoadRequest,
  settings: ModelSettings,
  logger: Logger,
): Promise<Model> {
  const { info, device } = await load(session, request, logger)
  const { output, inputType, outputType, fixedBatch, result } = describeModel(info, settings)
  if (info.outputs.length > 1 && settings.outputName === undefined)
    logger.warn(
      `the model has ${info.outputs.length} outputs (${info.outputs.map(({ name }) => name).join(', ')}); ${output} is used (--output-name)`,
    )
  const inputShape = [settings.inputChannels, ...settings.inputPatchSize]
  const { channels, size } =
    result ??
    describeResult(
      await session.call<readonly number[]>('probe', {
        output,
        inputType,
        shape: [fixedBatch ?? 1, ...inputShape],
      } satisfies ProbeRequest),
    )
  return {
    computeDevice: nameOf(device),
    channels,
    resultSize: size,
    run: (batch, count, results) =>
      session.call<void>('run', {
        output,
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

/** Reads the file. A graphics processor that nobody asked for by name may fail: then the processor runs the model. */
async function load(
  session: WorkerSession,
  request: LoadRequest,
  logger: Logger,
): Promise<{ readonly info: ModelInfo; readonly device: OrtDevice }> {
  const { device } = request
  try {
    const info = await session.call<ModelInfo>('load', request)
    if (!device.explicit) logger.info(`onnxruntime runs the model on ${nameOf(device)}`)
    return { info, device }
  } catch (error) {
    const missing = isChunkflowError(error) && error.code === 'onnx-device-missing'
    if (!missing || device.explicit) throw error
    const processor: OrtDevice = { ...device, provider: 'cpu' }
    logger.warn(`${error.what}; the model runs on ${nameOf(processor)} instead`)
    return {
      info: await session.call<ModelInfo>('load', { ...request, device: processor }),
      device: processor,
    }
  }
}

function nameOf({ provider, index }: OrtDevice): string {
  if (provider === 'cuda') return `CUDA device ${index}`
  return provider === 'webgpu' ? 'WebGPU' : cpus()[0]?.model.trim() || 'cpu'
}
