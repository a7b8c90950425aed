import {
  addZyx,
  type Chunk,
  chunkflowError,
  createChunk,
  type Dtype,
  floorDivide,
  isChunk,
  isDtype,
  spatialSize,
  subtractZyx,
  type Task,
  type TypedArray,
  withProperties,
  zyx,
} from '@chunkflow/sdk'

export interface OutputSettings {
  readonly file: string
  readonly inputNames: readonly string[]
  /** Undefined when none were named. */
  readonly outputNames: readonly string[] | undefined
}

/**
 * Assigns what a plugin returned: a list one by one, anything else to one name; without names back to the inputs. Bare
 * arrays become chunks around the middle of the first input chunk.
 * @param returned undefined or null: nothing
 * @throws plugin-outputs when the counts differ
 */
export function assignOutputs(
  task: Task,
  returned: unknown,
  inputs: readonly unknown[],
  { file, inputNames, outputNames }: OutputSettings,
): void {
  const first = inputs.find(isChunk)
  const values = listOf(returned).map((value) => chunkAround(value, first))
  // null for null: the plugin found nothing
  if (values.length === 0 && outputNames?.length === 1) values.push(null)
  if (values.length === 0 && outputNames === undefined) return
  const names = outputNames ?? inputNames
  if (names.length !== values.length) {
    const count = values.length === 1 ? '1 value' : `${values.length} values`
    throw chunkflowError(
      'plugin-outputs',
      outputNames === undefined
        ? `${file} returned ${count} for ${inputNames.length} input${inputNames.length === 1 ? '' : 's'}`
        : `${file} returned ${count}, but --output-names are ${outputNames.join(',') || 'none'}`,
      { fix: 'name one variable for each value with --output-names, separated by commas' },
    )
  }
  for (const [index, name] of names.entries()) if (name !== 'None') task.set(name, values[index] ?? null)
}

const listOf = (returned: unknown): unknown[] =>
  returned === undefined || returned === null ? [] : Array.isArray(returned) ? returned : [returned]

/** Arrays with 2 to 4 axes as chunks; everything else as it is. */
function chunkAround(value: unknown, first: Chunk | undefined): unknown {
  if (first === undefined || isChunk(value)) return value
  const array = bareArray(value, first)
  if (array === undefined || array.shape.length < 2 || array.shape.length > 4) return value
  const { dtype } = array
  const chunk = createChunk(array.data, array.shape, {
    voxelSize: first.voxelSize,
    ...(dtype ? { dtype } : {}),
  })
  const [z, y, x] = subtractZyx(spatialSize(first), spatialSize(chunk))
  const margin = zyx(floorDivide(z, 2), floorDivide(y, 2), floorDivide(x, 2))
  return withProperties(chunk, { voxelOffset: addZyx(first.voxelOffset, margin) })
}

interface BareArray {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype?: Dtype | undefined
}

/** An array with its shape, or a typed array as large as the input. */
function bareArray(value: unknown, first: Chunk): BareArray | undefined {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const data = value as TypedArray
    if (data.length !== first.data.length) return undefined
    // bool and float16 have no arrays of their own
    const same = data.constructor === first.data.constructor
    return { data, shape: first.shape, dtype: same ? first.dtype : undefined }
  }
  if (typeof value !== 'object' || value === null || !('data' in value) || !('shape' in value))
    return undefined
  const { data, shape } = value as BareArray
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape)) return undefined
  return { data, shape, dtype: 'dtype' in value && isDtype(value.dtype) ? value.dtype : undefined }
}
