import { fileURLToPath } from 'node:url'
import { chunkflowError, defineWorker, isChunkflowError } from '@chunkflow/sdk'

/** A dense array, C order. */
export interface ModelArray {
  readonly data: Float32Array
  readonly shape: readonly number[]
}

/** What a model file's class `PatchInferencer` makes; its constructor gets the path of the weights and the output patch mask. */
interface PatchInferencer {
  readonly computeDevice?: string
  /** (batch, channel, z, y, x) in [0, 1] to results already multiplied by the mask. */
  infer(batch: ModelArray): ModelArray | Promise<ModelArray>
}

export interface LoadRequest {
  /** URL of the model file. */
  readonly file: string
  readonly weightPath: string | undefined
  /** (z, y, x) of the output patch. */
  readonly mask: ModelArray
}

export interface RunRequest {
  readonly batch: Float32Array
  readonly shape: readonly number[]
  readonly result: Float32Array
  readonly resultShape: readonly number[]
}

let inferencer: PatchInferencer | undefined
/** For messages. */
let place = ''

/** One model file; whatever it does, it does not hold up cutting and blending. */
export default defineWorker({
  async load({ file, weightPath, mask }: LoadRequest): Promise<{ computeDevice: string | undefined }> {
    place = fileURLToPath(file)
    const module = (await told(() => importModel(file))) as {
      PatchInferencer?: unknown
      default?: { PatchInferencer?: unknown }
    }
    const made = module.PatchInferencer ?? module.default?.PatchInferencer ?? module.default
    if (typeof made !== 'function')
      throw chunkflowError('model-file-invalid', 'The model file exports no class PatchInferencer', {
        where: place,
        fix: 'export class PatchInferencer { constructor(weightPath, outputPatchMask) {…} infer(batch) {…} }',
      })
    const Inferencer = made as new (weightPath: string | undefined, mask: ModelArray) => PatchInferencer
    const built = await told(async () => new Inferencer(weightPath, mask))
    if (typeof built.infer !== 'function')
      throw chunkflowError('model-file-invalid', 'PatchInferencer has no method infer', {
        where: place,
        fix: 'add infer(batch), which gives { data, shape }',
      })
    inferencer = built
    return { computeDevice: built.computeDevice }
  },

  /** Fills `result`; channels that the model does not give become 0. @returns how many it gave */
  async run({ batch, shape, result, resultShape }: RunRequest): Promise<{ channels: number }> {
    const patches = { data: batch.subarray(0, product(shape)), shape }
    const given = await told(async () => inferencer!.infer(patches))
    const [count, wanted, ...size] = resultShape as [number, number, ...number[]]
    const channels = checkResult(given, resultShape)
    const voxels = product(size)
    for (let item = 0; item < count; item++)
      for (let channel = 0; channel < wanted; channel++) {
        const target = result.subarray(
          (item * wanted + channel) * voxels,
          (item * wanted + channel + 1) * voxels,
        )
        const first = (item * channels + channel) * voxels
        if (channel < channels) target.set(given.data.subarray(first, first + voxels))
        else target.fill(0)
      }
    return { channels }
  },
})

/** Versions of Node that do not read TypeScript themselves get a loader. */
async function importModel(file: string): Promise<unknown> {
  const native = (process.features as { typescript?: unknown }).typescript
  if (!/\.m?ts$/.test(file) || native) return import(file)
  const { tsImport } = await import('tsx/esm/api')
  return tsImport(file, import.meta.url)
}

function checkResult(given: ModelArray | undefined, [count, , ...size]: readonly number[]): number {
  const { data, shape } = given ?? {}
  const fits =
    data instanceof Float32Array &&
    shape?.length === 5 &&
    shape[0] === count &&
    size.every((value, axis) => shape[axis + 2] === value) &&
    data.length === product(shape)
  if (!fits)
    throw chunkflowError(
      'model-result-invalid',
      `PatchInferencer gave ${shape === undefined ? 'no array' : shape.join('x')}, not ${count}xchannelsx${size.join('x')} of float32`,
      { fix: 'return { data: Float32Array, shape: [batch, channel, z, y, x] } of the output patch size' },
    )
  return shape[1]!
}

async function told<T>(job: () => Promise<T>): Promise<T> {
  try {
    return await job()
  } catch (cause) {
    if (isChunkflowError(cause)) throw cause
    throw chunkflowError(
      'javascript-model-failed',
      `The model file failed: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`,
      { where: place, fix: 'correct the model file', cause },
    )
  }
}

const product = (shape: readonly number[]): number => shape.reduce((left, right) => left * right, 1)
