import { cpus } from 'node:os'
import {
  chunkflowError,
  type Files,
  type InferenceBackend,
  type Logger,
  type Model,
  type ModelSettings,
  type Python,
  type PythonSession,
  productZyx,
} from '@chunkflow/sdk'
import { findWeights, refuseOutputName, requireModel, requirePatchWeights } from './model-files.js'
import { ask } from './problems.js'
import {
  loadArguments,
  type PythonFramework,
  type SessionSettings,
  startModelProcess,
} from './python-session.js'

export interface PythonBackendSettings {
  readonly python: Python
  readonly files: Files
  readonly logger: Logger
  /** The shipped Python files. */
  readonly folder: URL
}

/** Runs the model files of one framework in a Python process of their own (specification 4.5). */
export function createPythonBackend(
  framework: PythonFramework,
  settings: PythonBackendSettings,
): InferenceBackend {
  return Object.freeze({
    load: async (model: ModelSettings) => {
      const resolved = await resolveSettings(framework, settings, model)
      const session = await startModelProcess(settings.python, settings.folder, resolved)
      try {
        return await openModel(session, resolved, model, settings.logger)
      } catch (error) {
        await session.close()
        throw error
      }
    },
  })
}

/** @throws model-file-missing, model-weights-missing, model-device-missing, model-device-unknown */
async function resolveSettings(
  framework: PythonFramework,
  { files, logger }: PythonBackendSettings,
  model: ModelSettings,
): Promise<SessionSettings> {
  refuseOutputName(framework, model.outputName)
  if (framework === 'pznet') {
    if (!['auto', 'cpu'].includes(model.device ?? 'auto'))
      throw chunkflowError('model-device-missing', `pznet runs on the processor, not on ${model.device}`, {
        fix: 'leave out --device',
      })
    // releases that had pznet took the folder as weights
    const path = await requireModel(files, framework, model.modelPath ?? model.weightPath, 'directory')
    return { ...model, framework, modelPath: path, weightPath: undefined }
  }
  if (framework === 'universal' && !/^(auto|cpu|cuda(:\d+)?)$/.test(model.device ?? 'auto'))
    throw chunkflowError('model-device-unknown', `No model file is run on a device "${model.device}"`, {
      fix: 'use --device auto, cpu, cuda or cuda:1',
    })
  if (framework === 'universal') requirePatchWeights(model.patchWeights)
  const modelPath = await requireModel(files, framework, model.modelPath)
  const weightPath = await findWeights(files, model.weightPath)
  if (framework === 'pytorch' && weightPath === undefined)
    logger.warn('no --convnet-weight-path: the network has the weights that the model file gives it')
  return { ...model, framework, modelPath, weightPath }
}

async function openModel(
  session: PythonSession,
  settings: SessionSettings,
  { inputChannels, inputPatchSize, outputPatchSize, outputChannels }: ModelSettings,
  logger: Logger,
): Promise<Model> {
  const { framework, signal } = settings
  const { device, name, weighted } = await ask(session, 'load', [loadArguments(settings)], signal)
  const computeDevice = typeof name === 'string' && name !== '' ? name : cpus()[0]?.model.trim() || 'cpu'
  if (framework === 'pytorch') announce(settings, String(device), computeDevice, logger)
  const patchLength = inputChannels * productZyx(inputPatchSize)
  const resultLength = outputChannels * productZyx(outputPatchSize)
  let told = false
  return {
    computeDevice,
    channels: outputChannels,
    resultSize: outputPatchSize,
    weighted: weighted === true,
    async run(batch, count, result) {
      const patches = {
        dtype: 'float32',
        shape: [count, inputChannels, ...inputPatchSize],
        data: batch.subarray(0, count * patchLength),
      } as const
      const { channels } = await ask(session, 'run', [patches], signal)
      if (!told && channels !== outputChannels) logger.warn(otherChannels(Number(channels), outputChannels))
      told = true
      await session.call('take', [], { into: [result.subarray(0, count * resultLength)] })
    },
    dispose: () => session.close(),
  }
}

function announce(
  { device: wanted = 'auto', dtype }: SessionSettings,
  device: string,
  computeDevice: string,
  logger: Logger,
): void {
  const cuda = device.startsWith('cuda')
  if (wanted === 'auto' && !cuda)
    logger.info(`PyTorch sees no CUDA device: the model runs on the processor, ${computeDevice}`)
  else logger.info(`PyTorch runs the model on ${device}, ${computeDevice}`)
  if (!cuda && dtype === 'float16')
    logger.info('on the processor PyTorch calculates in float32; only the result is float16')
}

export const otherChannels = (given: number, wanted: number): string =>
  given > wanted
    ? `the model gives ${given} channels; the first ${wanted} are kept (--num-output-channels)`
    : `the model gives ${given} of ${wanted} channels; the others stay 0 (--num-output-channels)`
