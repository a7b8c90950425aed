/** Writes ONNX files of one node, for tests. Field numbers: onnx.proto of ONNX 1.16. */

type Field = readonly [number: number, value: number | string | Uint8Array]

function encode(fields: readonly Field[]): Uint8Array {
  const bytes: number[] = []
  const varint = (value: number): void => {
    for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
    bytes.push(value)
  }
  for (const [number, value] of fields) {
    varint(number * 8 + (typeof value === 'number' ? 0 : 2))
    if (typeof value === 'number') varint(value)
    else {
      const content = typeof value === 'string' ? new TextEncoder().encode(value) : value
      varint(content.length)
      for (const byte of content) bytes.push(byte)
    }
  }
  return Uint8Array.from(bytes)
}

const ELEMENT_TYPES = { float32: 1, uint8: 2, float16: 10 } as const

export interface TinyTensor {
  readonly name: string
  readonly type: keyof typeof ELEMENT_TYPES
  /** Numbers, names of free sizes, or '' for a free size without a name. */
  readonly shape: readonly (number | string)[]
}

function valueInfo({ name, type, shape }: TinyTensor): Uint8Array {
  const dimensions = shape.map(
    (size): Field => [1, encode(size === '' ? [] : [[typeof size === 'number' ? 1 : 2, size]])],
  )
  const tensor = encode([
    [1, ELEMENT_TYPES[type]],
    [2, encode(dimensions)],
  ])
  return encode([
    [1, name],
    [2, encode([[1, tensor]])],
  ])
}

/**
 * @param operator `Sigmoid`, or `AveragePool` over 3 x 3 x 3 without padding
 * @returns the bytes of a model file
 */
export function tinyModel(
  operator: 'Sigmoid' | 'AveragePool' | 'Cast' | 'Add',
  inputs: readonly TinyTensor[],
  output: TinyTensor,
): Uint8Array {
  const kernel: Field[] = [
    [1, 'kernel_shape'],
    [8, 3],
    [8, 3],
    [8, 3],
    [20, 7],
  ]
  const to: Field[] = [
    [1, 'to'],
    [3, ELEMENT_TYPES[output.type]],
    [20, 2],
  ]
  const attributes: Field[] =
    operator === 'AveragePool' ? [[5, encode(kernel)]] : operator === 'Cast' ? [[5, encode(to)]] : []
  const node = encode([
    ...inputs.map(({ name }): Field => [1, name]),
    [2, output.name],
    [4, operator],
    ...attributes,
  ])
  return modelFile([
    [1, node],
    [2, 'tiny'],
    ...inputs.map((input): Field => [11, valueInfo(input)]),
    [12, valueInfo(output)],
  ])
}

const modelFile = (graph: readonly Field[]): Uint8Array =>
  encode([
    [1, 8],
    [7, encode(graph)],
    [8, encode([[2, 13]])],
  ])

const tensor = (name: string): TinyTensor => ({ name, type: 'float32', shape: ['b', 1, 'z', 'y', 'x'] })
const nodeOf = (operator: string, inputs: readonly string[], output: string): Field => [
  1,
  encode([...inputs.map((name): Field => [1, name]), [2, output], [4, operator]]),
]

/** Adds a number that lies, as one float32, in a file of its own beside the model. */
export const externalModel = (dataFile: string): Uint8Array => {
  const location = encode([
    [1, 'location'],
    [2, dataFile],
  ])
  const bias = encode([
    [1, 1],
    [2, ELEMENT_TYPES.float32],
    [8, 'bias'],
    [13, location],
    [14, 1],
  ])
  return modelFile([
    nodeOf('Add', ['in', 'bias'], 'out'),
    [2, 'external'],
    [5, bias],
    [11, valueInfo(tensor('in'))],
    [12, valueInfo(tensor('out'))],
  ])
}

/** Two outputs: `plain` is the sigmoid of the input, `negative` that of minus the input. */
export const twoOutputModel = (): Uint8Array =>
  modelFile([
    nodeOf('Sigmoid', ['in'], 'plain'),
    nodeOf('Neg', ['in'], 'minus'),
    nodeOf('Sigmoid', ['minus'], 'negative'),
    [2, 'two'],
    [11, valueInfo(tensor('in'))],
    [12, valueInfo(tensor('plain'))],
    [12, valueInfo(tensor('negative'))],
  ])
