import {
  boundingBox,
  chunkflowError,
  createChunk,
  describeValue,
  dtypeOfArray,
  inferAgain,
  isBoundingBox,
  isChunk,
  type LayerType,
  type PythonArray,
  type PythonValue,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import { isPythonArray } from './python-worker/values.js'

type Members = Readonly<Record<string, PythonValue>>

/** A variable as `run_plugin.py` reads it. @throws plugin-input for what Python cannot be given */
export function toPython(value: unknown, name: string): PythonValue {
  if (value === null || value === undefined) return null
  if (['boolean', 'number', 'bigint', 'string'].includes(typeof value)) return value as PythonValue
  if (isChunk(value)) {
    const { data, dtype, shape, voxelOffset, voxelSize, layerType } = value
    return { chunkflow: 'chunk', array: { data, dtype, shape }, voxelOffset, voxelSize, layerType }
  }
  if (isBoundingBox(value)) return { chunkflow: 'box', start: value.start, stop: value.stop }
  if (isPythonArray(value)) return value
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const data = value as TypedArray
    return { data, dtype: dtypeOfArray(data), shape: [data.length] }
  }
  if (Array.isArray(value)) return value.map((item: unknown) => toPython(item, name))
  if (isPlainObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPython(item, name)]))
  throw chunkflowError('plugin-input', `Python cannot be given "${name}": it is ${describeValue(value)}`, {
    fix: 'chunks, boxes, arrays, numbers, text, lists and plain objects of them can be passed',
  })
}

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))

/** What `run_plugin.py` gave back. */
export function fromPython(value: PythonValue): unknown {
  if (typeof value !== 'object' || value === null || isPythonArray(value)) return value
  if (Array.isArray(value)) return value.map(fromPython)
  const record = value as Members
  if (record.chunkflow === 'chunk') return toChunk(record)
  if (record.chunkflow === 'box') return boundingBox(record.start as Zyx, record.stop as Zyx)
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, fromPython(item)]))
}

function toChunk(record: Members) {
  const { data, dtype, shape } = record.array as PythonArray
  const chunk = createChunk(data, shape, {
    dtype,
    voxelOffset: record.voxelOffset as Zyx,
    voxelSize: record.voxelSize as Zyx | null,
    layerType: record.layerType as LayerType,
  })
  // the class guesses as we do: a guess is no declaration
  const guessed = inferAgain(chunk)
  return guessed.layerType === chunk.layerType ? guessed : chunk
}
