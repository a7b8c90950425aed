import type { Dtype } from '@chunkflow/sdk'
import type { CodecDescription } from '../worker/pipeline.js'
import { compressor, filter } from './codecs.js'
import { parseFill } from './fill-value.js'
import type { ArrayLayout } from './layout.js'
import {
  axisNames,
  isRecord,
  type Json,
  parseObject,
  refuseMetadata,
  sizes,
  unsupported,
} from './metadata.js'

const DTYPES: Readonly<Record<string, Dtype>> = {
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
}
/** As `.zarray` names an element type, little-endian. */
export const zarr2Dtype = (dtype: Dtype): string => {
  const code = Object.keys(DTYPES).find((key) => DTYPES[key] === dtype)!
  return `${code.endsWith('1') ? '|' : '<'}${code}`
}

/**
 * The metadata of a Zarr 2 array.
 * @param text of `.zarray`; `attributes` of `.zattrs`
 * @throws zarr-metadata-invalid, zarr-unsupported
 */
export function parseZarr2(text: string, attributes: Json, where: string): ArrayLayout {
  const refuse = refuseMetadata(where)
  const json = parseObject(text, `${where}/.zarray`)
  if (json.zarr_format !== 2) throw refuse(`zarr_format ${JSON.stringify(json.zarr_format)}`)
  const shape = sizes(json.shape, 'shape', 0, refuse)
  const chunkShape = sizes(json.chunks, 'chunks', 1, refuse)
  if (chunkShape.length !== shape.length)
    throw refuse(`${shape.length} axes and chunks of ${chunkShape.length}`)
  const { dtype, bigEndian } = parseDtype(json.dtype, where)
  const codecs: CodecDescription[] = []
  if (json.order === 'F') codecs.push({ name: 'transpose', configuration: { order: 'F' } })
  else if (json.order !== 'C') throw refuse(`order ${JSON.stringify(json.order)}`)
  for (const listed of Array.isArray(json.filters) ? json.filters : [])
    codecs.push(filter(isRecord(listed) ? listed : {}, dtype, where))
  codecs.push({ name: 'bytes', configuration: { endian: bigEndian ? 'big' : 'little' } })
  if (isRecord(json.compressor)) codecs.push(compressor(json.compressor, dtype, where))
  const separator = json.dimension_separator === '/' ? '/' : '.'
  return {
    format: 'zarr2',
    shape,
    chunkShape,
    dtype,
    fill: parseFill(json.fill_value, text, dtype, refuse),
    saysFill: json.fill_value !== null && json.fill_value !== undefined,
    codecs: inOrder(codecs),
    keyOf: (index) => index.join(separator),
    shards: null,
    attributes,
    axisNames: axisNames(attributes._ARRAY_DIMENSIONS, shape.length),
    readOnly: undefined,
  }
}

/** zarrita wants the byte order before what works on bytes. */
const inOrder = (codecs: readonly CodecDescription[]): CodecDescription[] => {
  const onBytes = ({ name }: CodecDescription): boolean => name === 'numcodecs.shuffle'
  const bytes = codecs.findIndex(({ name }) => name === 'bytes')
  return [
    ...codecs.slice(0, bytes).filter((codec) => !onBytes(codec)),
    codecs[bytes]!,
    ...codecs.slice(0, bytes).filter(onBytes),
    ...codecs.slice(bytes + 1),
  ]
}

function parseDtype(value: unknown, where: string): { dtype: Dtype; bigEndian: boolean } {
  const [, order, code] = (typeof value === 'string' && /^([<>|])(\w+)$/.exec(value)) || []
  const dtype = DTYPES[code ?? '']
  if (dtype === undefined)
    throw unsupported(
      `Elements of the type ${JSON.stringify(value)} cannot be read here`,
      where,
      'bool, integers of 8 to 64 bits and floats of 16 to 64 bits are read',
    )
  return { dtype, bigEndian: order === '>' }
}
