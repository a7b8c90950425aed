import { chunkflowError, type ModelSettings, type Zyx, zyx } from '@chunkflow/sdk'

/** A number, or the name of a free size. */
export type Dimension = number | string

export interface TensorInfo {
  readonly name: string
  /** onnxruntime's word, such as `float32`; undefined for what is not a tensor. */
  readonly type: string | undefined
  readonly shape: readonly Dimension[]
}

/** What a model file says of itself. */
export interface ModelInfo {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
}

export type FloatType = 'float32' | 'float16'

/** A model understood as one that turns patches into patches. */
export interface PatchModel {
  /** Name of the output that is used. */
  readonly output: string
  readonly inputType: FloatType
  readonly outputType: FloatType
  /** Batch size the file insists on; undefined when free. */
  readonly fixedBatch: number | undefined
  /** Undefined when the file does not tell: then one run must. */
  readonly result: { readonly channels: number; readonly size: Zyx } | undefined
}

/**
 * Checks that a model reads (batch, channel, z, y, x) patches of the wanted size and gives such results. A free size of the
 * output that bears the name of a free size of the input is equal to it.
 * @throws onnx-model-shape
 */
export function describeModel(info: ModelInfo, settings: ModelSettings): PatchModel {
  if (info.inputs.length !== 1)
    throw refuse(
      `The model has ${info.inputs.length} inputs (${info.inputs.map(({ name }) => name).join(', ')}), not one`,
      'export a model with one input, (batch, channel, z, y, x)',
    )
  const input = info.inputs[0]!
  const output = findOutput(info.outputs, settings.outputName)
  const inputType = floatType(input, 'input')
  const outputType = floatType(output, 'output')
  const [batch, inputChannels, ...inputSize] = fiveAxes(input, 'input')
  if (typeof inputChannels === 'number' && inputChannels !== settings.inputChannels)
    throw refuse(
      `The model reads ${inputChannels} channels, not ${settings.inputChannels}`,
      `add --num-input-channels ${inputChannels}`,
    )
  const patch = settings.inputPatchSize
  if (inputSize.some((size, axis) => typeof size === 'number' && size !== patch[axis]))
    throw refuse(
      `The model reads patches of ${text(inputSize)} (z y x), not ${text(patch)}`,
      `add --input-patch-size ${inputSize.map((size, axis) => (typeof size === 'number' ? size : patch[axis])).join(' ')}`,
    )
  const [, channels, ...outputSize] = fiveAxes(output, 'output')
  const size = outputSize.map((dimension) => {
    if (typeof dimension === 'number') return dimension
    return dimension === '' ? undefined : patch[inputSize.indexOf(dimension)]
  })
  const known = typeof channels === 'number' && size.every((value) => value !== undefined)
  return {
    output: output.name,
    inputType,
    outputType,
    fixedBatch: typeof batch === 'number' ? batch : undefined,
    result: known ? { channels, size: zyx(...(size as [number, number, number])) } : undefined,
  }
}

function findOutput(outputs: readonly TensorInfo[], wanted: string | undefined): TensorInfo {
  const found = wanted === undefined ? outputs[0] : outputs.find(({ name }) => name === wanted)
  if (found !== undefined) return found
  if (outputs.length === 0) throw refuse('The model has no output', 'export a model with an output')
  throw refuse(
    `The model has no output "${wanted}"`,
    `use --output-name ${outputs.map(({ name }) => name).join(' or ')}`,
  )
}

/** The result's channels and size from the shape of an actual output. @throws onnx-model-shape */
export function describeResult(shape: readonly number[]): { channels: number; size: Zyx } {
  const [, channels, z, y, x] = fiveAxes(
    { name: 'output', type: undefined, shape },
    'output',
  ) as readonly number[]
  return { channels: channels!, size: zyx(z!, y!, x!) }
}

const text = (size: readonly Dimension[]): string =>
  size.map((value) => (value === '' ? '?' : value)).join(' ')

function fiveAxes(
  { name, shape }: TensorInfo,
  role: string,
): readonly [Dimension, Dimension, Dimension, Dimension, Dimension] {
  if (shape.length !== 5)
    throw refuse(
      `The ${role} "${name}" of the model has ${shape.length} axes (${text(shape)}), not 5`,
      'the model must map (batch, channel, z, y, x) to (batch, channel, z, y, x)',
    )
  return shape as [Dimension, Dimension, Dimension, Dimension, Dimension]
}

function floatType({ name, type }: TensorInfo, role: string): FloatType {
  if (type === 'float32' || type === 'float16') return type
  throw refuse(
    `The ${role} "${name}" of the model is ${type ?? 'not a tensor'}, not float32 or float16`,
    'put conversions from and to other types inside the graph',
  )
}

const refuse = (what: string, fix: string): Error => chunkflowError('onnx-model-shape', what, { fix })
