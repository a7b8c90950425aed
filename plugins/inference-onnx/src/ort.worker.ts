import { chunkflowError, defineWorker } from '@chunkflow/sdk'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { OrtDevice } from './device.js'
import { decodeFloat16Bits, encodeFloat16 } from './float16.js'
import type { FloatType, ModelInfo, TensorInfo } from './model-shape.js'

export interface LoadRequest {
  readonly path: string
  readonly device: OrtDevice
  readonly threads: number | undefined
}

export interface RunRequest {
  /** Of the model's outputs. */
  readonly output: string
  /** (count or more, channel, z, y, x) */
  readonly batch: Float32Array
  readonly count: number
  /** Patches per run of the network; the last run is filled up with what the buffer holds. */
  readonly group: number
  readonly inputType: FloatType
  readonly outputType: FloatType
  /** (channel, z, y, x) */
  readonly inputShape: readonly number[]
  readonly resultShape: readonly number[]
  readonly result: Float32Array
}

export interface ProbeRequest {
  readonly output: string
  readonly inputType: FloatType
  /** (batch, channel, z, y, x) */
  readonly shape: readonly number[]
}

type Floats = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>

let session: InferenceSession | undefined
let runtime: typeof import('onnxruntime-node') | undefined
/** onnxruntime takes no shared memory: one batch and one result are kept for it. */
let inputBuffer: Floats | undefined
let outputBuffer: Floats | undefined

/** One onnxruntime session. `run` blocks the thread it is called on, hence a worker. */
export default defineWorker({
  /** Reads a model file. By default the session uses as many threads as there are cores. */
  async load({ path, device, threads }: LoadRequest): Promise<ModelInfo> {
    runtime ??= await loadRuntime()
    inputBuffer = undefined
    outputBuffer = undefined
    try {
      // level 4: onnxruntime's own lines on stderr only when it gives up; errors reach us as exceptions
      session = await runtime.InferenceSession.create(path, {
        logSeverityLevel: 4,
        executionProviders: [providerOf(device)],
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      })
    } catch (error) {
      if (device.provider !== 'cpu' && /provider|adapter|cuda|webgpu|backend/i.test(String(error)))
        throw chunkflowError(
          'onnx-device-missing',
          `onnxruntime cannot use ${device.provider}: ${reason(error)}`,
          { fix: 'check the driver, or use --device auto or cpu' },
        )
      throw chunkflowError('onnx-model-invalid', `onnxruntime cannot read the model: ${reason(error)}`, {
        where: path,
        fix: 'give an .onnx file with --convnet-model; chunkflow export-onnx makes one from a PyTorch model',
      })
    }
    return {
      inputs: session.inputMetadata.map(describe),
      outputs: session.outputMetadata.map(describe),
    }
  },

  /** Runs zeros through the network. @returns the shape of an output */
  async probe({ output, inputType, shape }: ProbeRequest): Promise<readonly number[]> {
    const { Tensor } = runtime!
    const input = new Tensor(inputType, allocate(inputType, product(shape)) as Float32Array, shape)
    const results = await session!.run({ [session!.inputNames[0]!]: input }, [output]).catch(rethrow)
    return (results[output] as Tensor).dims
  },

  /** Fills `result` with (count, ...resultShape). */
  async run(request: RunRequest): Promise<void> {
    const { Tensor } = runtime!
    const { batch, count, group, inputType, outputType, inputShape, resultShape, result } = request
    const inputLength = product(inputShape)
    const resultLength = product(resultShape)
    inputBuffer = reuse(inputBuffer, inputType, group * inputLength)
    outputBuffer = reuse(outputBuffer, outputType, group * resultLength)
    const input = new Tensor(inputType, inputBuffer as Float32Array, [group, ...inputShape])
    const results = new Tensor(outputType, outputBuffer as Float32Array, [group, ...resultShape])
    for (let first = 0; first < count; first += group) {
      const patches = Math.min(group, count - first)
      const source = batch.subarray(first * inputLength, (first + patches) * inputLength)
      if (inputType === 'float16') encodeFloat16(source, inputBuffer as Uint16Array)
      else (inputBuffer as Float32Array).set(source)
      await session!.run({ [session!.inputNames[0]!]: input }, { [request.output]: results }).catch(rethrow)
      const target = result.subarray(first * resultLength, (first + patches) * resultLength)
      const values = outputBuffer.subarray(0, target.length)
      if (outputType === 'float16') decodeFloat16Bits(values as Uint16Array, target)
      else target.set(values)
    }
  },

  async release(): Promise<void> {
    await session?.release()
    session = undefined
  },
})

const providerOf = ({ provider, index }: OrtDevice) =>
  provider === 'cuda' ? { name: provider, deviceId: index } : provider

async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  // onnxruntime's native part takes the engine's half-precision arrays for empty ones; without them it falls back on
  // bits in a Uint16Array. This thread belongs to the worker alone.
  Reflect.deleteProperty(globalThis, 'Float16Array')
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    throw chunkflowError('onnx-runtime-missing', `onnxruntime-node could not be loaded: ${reason(cause)}`, {
      fix: 'install the plugin again; onnxruntime-node needs 64-bit Linux, macOS or Windows',
      cause,
    })
  }
}

const describe = (value: InferenceSession.ValueMetadata): TensorInfo =>
  value.isTensor
    ? { name: value.name, type: value.type, shape: value.shape }
    : { name: value.name, type: undefined, shape: [] }

const product = (shape: readonly number[]): number => shape.reduce((left, right) => left * right, 1)

const allocate = (type: FloatType, length: number): Floats =>
  type === 'float16' ? new Uint16Array(length) : new Float32Array(length)

/** Exactly this long: onnxruntime checks a tensor's data against its shape. */
const reuse = (present: Floats | undefined, type: FloatType, length: number): Floats =>
  present?.length === length ? present : allocate(type, length)

/** The sentence that matters in onnxruntime's message. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message
    .replace(/^.*?Status Message: /s, '')
    .split('\n')[0]!
    .trim()
}

function rethrow(error: unknown): never {
  const what = reason(error)
  throw chunkflowError('onnx-run-failed', `onnxruntime failed on a batch of patches: ${what}`, {
    fix: /alloc|memory/i.test(what)
      ? 'use a smaller --batch-size or smaller patches'
      : 'networks with pooling need patch sizes that are multiples of 8 or 16 in y and x; --output-patch-size must be what the network gives',
    cause: error,
  })
}
