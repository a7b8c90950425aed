import {
  allocate,
  bytesPerElement,
  chunkflowError,
  type Dtype,
  isFloat,
  type TypedArray,
} from '@chunkflow/kernel/authoring'
import { fits, type LabelTable, labelTable } from './label-table.js'

/** What becomes of labels that a map does not name. */
export type MissingLabels = 'keep' | 'zero'

/**
 * The labels with some replaced, on memory of its own; 64-bit ids are exact.
 * @param map ids the dtype cannot hold are ignored as sources. Negative ids of signed types may be given as unsigned
 * 64-bit words, as uniqueLabels does
 * @throws dtype-unsupported for floats, and for a replacement the dtype cannot hold
 */
export function remapLabels(
  data: TypedArray,
  dtype: Dtype,
  map: ReadonlyMap<bigint, bigint>,
  missing: MissingLabels = 'keep',
): TypedArray {
  if (isFloat(dtype)) throw chunkflowError('dtype-unsupported', `${dtype} values are no labels`)
  for (const target of map.values())
    if (!fits(target, dtype))
      throw chunkflowError('dtype-unsupported', `Label ${target} does not fit ${dtype}`, {
        fix: 'convert the labels to a wider type first',
      })
  const result = allocate(dtype, data.length)
  const table = labelTable(map, dtype)
  for (let start = 0; start < data.length; start += BLOCK) {
    const count = Math.min(BLOCK, data.length - start)
    if (bytesPerElement(dtype) === 8)
      mapPairs(wordsOf(data, start, count), wordsOf(result, start, count), table, missing)
    else mapWords(wordsOf(data, start, count), wordsOf(result, start, count), table, missing)
  }
  return result
}

/** Elements seen through one array of words, which 64-bit elements would else make too long. */
const BLOCK = 2 ** 24

function wordsOf(data: TypedArray, start: number, count: number): Uint32Array {
  const bytes = data.BYTES_PER_ELEMENT
  const address = data.byteOffset + start * bytes
  if (bytes === 8) return new Uint32Array(data.buffer, address, count * 2)
  const Words = bytes === 4 ? Uint32Array : bytes === 2 ? Uint16Array : Uint8Array
  // all three are read and written alike; the cast only picks one signature
  return new Words(data.buffer as ArrayBuffer, address, count) as Uint32Array
}

function mapWords(from: Uint32Array, to: Uint32Array, table: LabelTable, missing: MissingLabels): void {
  let label = 0
  let target = 0
  let isNew = true
  for (let index = 0; index < from.length; index++) {
    const value = from[index]!
    if (value !== label || isNew) {
      isNew = false
      label = value
      const found = table.find(value, 0)
      target = found >= 0 ? table.targetLow[found]! : missing === 'keep' ? value : 0
    }
    to[index] = target
  }
}

function mapPairs(from: Uint32Array, to: Uint32Array, table: LabelTable, missing: MissingLabels): void {
  let low = 0
  let high = 0
  let targetLow = 0
  let targetHigh = 0
  let isNew = true
  for (let index = 0; index < from.length; index += 2) {
    const a = from[index]!
    const b = from[index + 1]!
    if (a !== low || b !== high || isNew) {
      isNew = false
      low = a
      high = b
      const found = table.find(a, b)
      targetLow = found >= 0 ? table.targetLow[found]! : missing === 'keep' ? a : 0
      targetHigh = found >= 0 ? table.targetHigh[found]! : missing === 'keep' ? b : 0
    }
    to[index] = targetLow
    to[index + 1] = targetHigh
  }
}
