import { cpus } from 'node:os'
import { pathToFileURL } from 'node:url'
import {
  type Compute,
  chunkflowError,
  type Files,
  type InferenceBackend,
  type Logger,
  type ModelSettings,
} from '@chunkflow/sdk'
import type { LoadRequest, RunRequest } from './javascript-model.worker.js'
import { findWeights, refuseOutputName, requireModel, requirePatchWeights } from './model-files.js'
import { otherChannels } from './python-backend.js'

export interface JavaScriptBackendSettings {
  readonly compute: Compute
  readonly files: Files
  readonly logger: Logger
  /** Built `javascript-model.worker.ts`. */
  readonly worker: URL
}

/** Universal model files in JavaScript or TypeScript, each in a worker of its own. */
export function createJavaScriptBackend(backend: JavaScriptBackendSettings): InferenceBackend {
  const { compute, files, logger, worker } = backend
  return Object.freeze({
    async load(settings: ModelSettings) {
      const { inputChannels, inputPatchSize, outputChannels, outputPatchSize, patchWeights } = settings
      refuseOutputName('universal', settings.outputName)
      if (!['auto', 'cpu'].includes(settings.device ?? 'auto'))
        throw chunkflowError(
          'model-device-missing',
          `A JavaScript model file runs on the processor, not on ${settings.device}`,
          { fix: 'leave out --device; the file may use a device of its own' },
        )
      const mask = { data: requirePatchWeights(patchWeights), shape: outputPatchSize }
      const modelPath = await requireModel(files, 'universal', settings.modelPath)
      const weightPath = await findWeights(files, settings.weightPath)
      const session = await compute.startWorker(
        worker,
        settings.signal === undefined ? {} : { signal: settings.signal },
      )
      try {
        const { computeDevice } = await session.call<{ computeDevice: string | undefined }>('load', {
          file: pathToFileURL(modelPath).href,
          weightPath,
          mask,
        } satisfies LoadRequest)
        let told = false
        return {
          computeDevice: computeDevice ?? (cpus()[0]?.model.trim() || 'cpu'),
          channels: outputChannels,
          resultSize: outputPatchSize,
          weighted: true,
          async run(batch: Float32Array, count: number, result: Float32Array) {
            const { channels } = await session.call<{ channels: number }>('run', {
              batch,
              shape: [count, inputChannels, ...inputPatchSize],
              result,
              resultShape: [count, outputChannels, ...outputPatchSize],
            } satisfies RunRequest)
            if (!told && channels !== outputChannels) logger.warn(otherChannels(channels, outputChannels))
            told = true
          },
          dispose: () => session.close(),
        }
      } catch (error) {
        await session.close()
        throw error
      }
    },
  })
}
