import { keyedToken, type Zyx } from '@chunkflow/kernel/authoring'

export interface ModelSettings {
  /** Undefined for frameworks without a model file. */
  readonly modelPath: string | undefined
  readonly weightPath: string | undefined
  readonly inputPatchSize: Zyx
  readonly outputPatchSize: Zyx
  readonly inputChannels: number
  /** How many the user asked for; the model may give more, not fewer. */
  readonly outputChannels: number
  readonly batchSize: number
  /** Of the chunk that is made; a framework may calculate in float16 where its device is good at it. */
  readonly dtype: 'float32' | 'float16'
  /**
   * `auto`, or a device by the framework's name: `cpu`, `cuda`, `cuda:1`, `webgpu`. A named device that is missing is an
   * error; `auto` takes the best there is and says which. Undefined as `auto`.
   */
  readonly device?: string | undefined
  /** How many threads the framework uses; undefined: its own choice. */
  readonly threads?: number | undefined
  /** Which result to take, of models that name several. */
  readonly outputName?: string | undefined
  /** Interpreter of frameworks that run in Python. */
  readonly python?: string | undefined
  /**
   * (z, y, x) of the output patch, for frameworks that multiply results where the model runs (`Model.weighted`). Undefined when
   * they must not.
   */
  readonly patchWeights?: Float32Array | undefined
  /** Ends what the model is doing. */
  readonly signal?: AbortSignal | undefined
}

/** A loaded model. */
export interface Model {
  /** Name of the processor or accelerator; recorded in the task log. */
  readonly computeDevice: string
  /** Channels of every result. */
  readonly channels: number
  /** Spatial size of every result; either the input patch size or the output patch size. */
  readonly resultSize: Zyx
  /** True when results are already multiplied by the patch weights. */
  readonly weighted?: boolean
  /**
   * Runs one batch. `batch` holds (count, input channels, z, y, x) float32 in [0, 1] and may be reused once the promise
   * resolves; `result` (count, channels, z, y, x) is the caller's to fill.
   */
  run(batch: Float32Array, count: number, result: Float32Array): Promise<void>
  dispose?(): Promise<void> | void
}

/** Loads models of one framework. Providers are keyed by framework name. */
export interface InferenceBackend {
  load(settings: ModelSettings): Promise<Model>
}

export const INFERENCE = keyedToken<InferenceBackend>('chunkflow.inference')
