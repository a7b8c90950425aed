import {
  bytesPerElement,
  type Chunk,
  chunkflowError,
  type Dtype,
  describeChunk,
  isChunk,
  isFloat,
  type VariableType,
} from '@chunkflow/sdk'

/**
 * The type of a chunk whose layer type is inferred from its data. Names the layer type only where dtype and number of
 * axes decide it (specification 2.1); of floats the values do.
 */
export function inferredType({ dtype, shape, rank = axesOf(shape) }: Partial<VariableType>): VariableType {
  const layerType =
    dtype === undefined || rank === undefined || isFloat(dtype)
      ? undefined
      : rank === 4
        ? 'unknown'
        : dtype === 'uint8'
          ? 'image'
          : 'segmentation'
  return {
    kind: 'chunk',
    ...(dtype === undefined ? {} : { dtype }),
    ...(rank === undefined ? {} : { rank }),
    ...(shape === undefined ? {} : { shape }),
    ...(layerType === undefined ? {} : { layerType }),
    layerTypeDeclared: false,
  }
}

/** The same type with other sizes of the last three axes. */
export function resized(
  { shape, ...type }: VariableType,
  size: (zyx: readonly number[]) => readonly number[],
): VariableType {
  return shape === undefined ? type : { ...type, shape: [...shape.slice(0, -3), ...size(shape.slice(-3))] }
}

/** What is known of a three-axis result that has the input's size. */
export const flatShape = (input: VariableType | undefined): { readonly shape?: readonly number[] } =>
  input?.shape === undefined ? {} : { shape: input.shape.slice(-3) }

/** Bytes of one more chunk of the input's size, when that is known. @param dtype the result's; left out, the input's */
export function resultBytes(
  input: VariableType | undefined,
  dtype: Dtype | undefined = input?.dtype,
): { readonly bytes: number } | undefined {
  if (input?.shape === undefined || dtype === undefined) return undefined
  return { bytes: input.shape.reduce((left, right) => left * right, bytesPerElement(dtype)) }
}

const axesOf = (shape: readonly number[] | undefined): 3 | 4 | undefined =>
  shape === undefined ? undefined : shape.length === 3 ? 3 : 4

/**
 * Refuses element types an operator does not take, when planning (unknown passes) as when running.
 * @throws image-dtype
 */
export function requireDtype(
  operator: string,
  input: Pick<VariableType, 'dtype'> | Chunk | undefined,
  accepted: readonly Dtype[],
  fix: string,
): void {
  if (input?.dtype === undefined || accepted.includes(input.dtype)) return
  const found = isChunk(input) ? describeChunk(input) : input.dtype
  throw chunkflowError('image-dtype', `${operator} takes ${accepted.join(', ')}, not ${found}`, { fix })
}
