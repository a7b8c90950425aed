import { cpus } from 'node:os'
import {
  chunkflowError,
  type InferenceBackend,
  type ModelSettings,
  productZyx,
  subtractZyx,
} from '@chunkflow/sdk'

/**
 * A model that returns the middle of its input. Result channel c is input channel c modulo their number, so one input
 * channel is repeated over all.
 */
export const identityBackend: InferenceBackend = Object.freeze({
  async load(settings: ModelSettings) {
    const { outputChannels: channels, outputPatchSize: resultSize, device = 'auto', outputName } = settings
    if (device !== 'auto' && device !== 'cpu')
      throw chunkflowError('identity-device', `The framework identity has no device "${device}"`, {
        fix: 'leave out --device',
      })
    if (outputName !== undefined)
      throw chunkflowError('identity-output', 'The framework identity has one output, without a name', {
        fix: 'leave out --output-name',
      })
    return {
      computeDevice: cpus()[0]?.model.trim() || 'cpu',
      channels,
      resultSize,
      async run(batch: Float32Array, count: number, result: Float32Array) {
        cropBatch(batch, count, result, settings)
      },
    }
  },
})

/**
 * Copies the centre of every patch.
 * @param batch (count, input channels, input patch size)
 * @param result (count, output channels, output patch size)
 */
export function cropBatch(
  batch: Float32Array,
  count: number,
  result: Float32Array,
  settings: Pick<ModelSettings, 'inputPatchSize' | 'outputPatchSize' | 'inputChannels' | 'outputChannels'>,
): void {
  const { inputPatchSize, outputPatchSize, inputChannels, outputChannels } = settings
  const [planes, rows, width] = outputPatchSize
  const [marginZ, marginY, marginX] = subtractZyx(inputPatchSize, outputPatchSize).map(
    (value) => value / 2,
  ) as [number, number, number]
  const whole = marginZ === 0 && marginY === 0 && marginX === 0
  const inputLength = productZyx(inputPatchSize)
  const resultLength = productZyx(outputPatchSize)
  for (let item = 0; item < count; item++)
    for (let channel = 0; channel < outputChannels; channel++) {
      const from = (item * inputChannels + (channel % inputChannels)) * inputLength
      const to = (item * outputChannels + channel) * resultLength
      if (whole) {
        result.set(batch.subarray(from, from + inputLength), to)
        continue
      }
      for (let z = 0; z < planes; z++)
        for (let y = 0; y < rows; y++) {
          const row = from + ((z + marginZ) * inputPatchSize[1] + y + marginY) * inputPatchSize[2] + marginX
          result.set(batch.subarray(row, row + width), to + (z * rows + y) * width)
        }
    }
}
