import { createPool } from '../../compute/src/pool.js'
import type { InferenceOptions } from '../src/settings.js'

export const OPTIONS: InferenceOptions = {
  inputPatchSize: [20, 256, 256],
  outputPatchSize: undefined,
  outputPatchOverlap: [4, 64, 64],
  outputCropMargin: undefined,
  patchNum: undefined,
  numInputChannels: 1,
  numOutputChannels: 3,
  dtype: 'float32',
  batchSize: 1,
  bump: 'wu',
  maskOutputChunk: false,
  maskMyelinThreshold: undefined,
  augment: false,
  augmentAffinity: false,
  skipBlankPatches: false,
}

export const NO_MODEL_FILE = { convnetModel: undefined, convnetWeightPath: undefined }

export const startCompute = () => createPool(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
