import {
  chunkflowError,
  equalZyx,
  formatSize,
  type InferenceBackend,
  type Logger,
  type Model,
  type ModelSettings,
  type ServiceFamily,
} from '@chunkflow/sdk'
import { expandHome } from '@chunkflow/sdk/storage'
import { augmentModel } from './augmentation.js'
import type { PatchGeometry } from './geometry.js'
import { augments, type InferenceOptions } from './settings.js'

/** @throws framework-unknown, naming those there are */
export function requireFramework(models: ServiceFamily<InferenceBackend>, framework: string): void {
  if (models.has(framework)) return
  const known = [...models.keys()].sort()
  throw chunkflowError(
    'framework-unknown',
    `No installed plugin runs models of the framework "${framework}"`,
    {
      fix: `use --framework ${known.join(' or ')}, or install a plugin that provides it`,
    },
  )
}

/**
 * Loads a model and checks what it gives.
 * @throws model-channels, model-output-size, and what the backend throws
 */
export async function loadModel(
  backend: InferenceBackend,
  settings: ModelSettings,
  geometry: PatchGeometry,
  { options, logger }: { readonly options: InferenceOptions; readonly logger: Logger },
): Promise<Model> {
  const model = await backend.load(settings)
  try {
    if (model.channels < settings.outputChannels)
      throw chunkflowError(
        'model-channels',
        `The model gives ${model.channels} channel${model.channels === 1 ? '' : 's'}, ${settings.outputChannels} were asked for`,
        { fix: `add --num-output-channels ${model.channels}` },
      )
    const { inputPatchSize, outputPatchSize } = settings
    if (!equalZyx(model.resultSize, outputPatchSize) && !equalZyx(model.resultSize, inputPatchSize))
      throw chunkflowError(
        'model-output-size',
        `The model turns patches of ${formatSize(inputPatchSize)} into ${formatSize(model.resultSize)}, not into ${formatSize(outputPatchSize)}`,
        { fix: `add --output-patch-size ${model.resultSize.join(' ')}` },
      )
    if (model.channels > settings.outputChannels)
      logger.warn(
        `the model gives ${model.channels} channels; the first ${settings.outputChannels} are kept (--num-output-channels)`,
      )
    return augments(options)
      ? augmentModel(model, {
          inputPatchSize,
          inputChannels: settings.inputChannels,
          overlap: geometry.overlap,
          affinity: options.augmentAffinity,
        })
      : model
  } catch (error) {
    await model.dispose?.()
    throw error
  }
}

/** The options that say which model runs, and where. */
export interface ModelOptions {
  readonly convnetModel: string | undefined
  readonly convnetWeightPath: string | undefined
  readonly device?: string | undefined
  readonly threads?: number | undefined
  readonly outputName?: string | undefined
  readonly python?: string | undefined
}

export const modelSettings = (
  options: InferenceOptions & ModelOptions,
  { inputPatchSize, outputPatchSize }: PatchGeometry,
): ModelSettings => ({
  modelPath: options.convnetModel && expandHome(options.convnetModel),
  weightPath: options.convnetWeightPath && expandHome(options.convnetWeightPath),
  inputPatchSize,
  outputPatchSize,
  inputChannels: options.numInputChannels,
  outputChannels: options.numOutputChannels,
  batchSize: options.batchSize,
  dtype: options.dtype,
  device: options.device,
  threads: options.threads,
  outputName: options.outputName,
  python: options.python,
})
