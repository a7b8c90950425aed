import {
  allocate,
  bytesPerElement,
  chunkflowError,
  DTYPES,
  type Dtype,
  type TypedArray,
} from '@chunkflow/sdk'

/**
 * NumPy's array file format, versions 1 to 3 (numpy.lib.format): a magic number, a header that is a Python dictionary, raw elements.
 */
export interface NpyHeader {
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly fortranOrder: boolean
  readonly bigEndian: boolean
  /** Where the elements begin. */
  readonly dataOffset: number
}

const TYPES: Readonly<Record<string, Dtype>> = {
  b1: 'bool',
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
}

/** Longest header that is read; NumPy's own are under 200 bytes. */
export const MAXIMUM_HEADER_BYTES = 65536

const refuse = (where: string, reason: string): Error =>
  chunkflowError('npy-unreadable', `${where} cannot be read: ${reason}`, {
    fix: 'write it with numpy.save as a plain array of numbers',
  })

/** @param bytes the beginning of the file, up to {@link MAXIMUM_HEADER_BYTES}. @throws npy-unreadable */
export function parseHeader(bytes: Uint8Array, where: string): NpyHeader {
  if (
    bytes.length < 12 ||
    bytes[0] !== 0x93 ||
    Buffer.from(bytes.subarray(1, 6)).toString('latin1') !== 'NUMPY'
  )
    throw refuse(where, 'it is not a NumPy array file')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[6]!
  if (version < 1 || version > 3) throw refuse(where, `format version ${version} is unknown`)
  const start = version === 1 ? 10 : 12
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (start + length > bytes.length) throw refuse(where, 'its header is truncated')
  const text = Buffer.from(bytes.subarray(start, start + length)).toString('utf8')
  const description = /'descr':\s*'([<>|=])([a-z]\d+)'/.exec(text)
  const order = /'fortran_order':\s*(True|False)/.exec(text)
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)
  const dtype = description === null ? undefined : TYPES[description[2]!]
  if (order === null || shape === null || dtype === undefined)
    throw refuse(where, `its elements are of a kind that chunks do not have (${text.slice(0, 80).trim()})`)
  const sizes = shape[1]!
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  return {
    shape: sizes.map(Number),
    dtype,
    fortranOrder: order[1] === 'True',
    bigEndian: description![1] === '>',
    dataOffset: start + length,
  }
}

/** Elements in C order, native byte order, on shared memory. @param raw the bytes behind the header */
export function decodeElements(
  raw: Uint8Array,
  { shape, dtype, fortranOrder, bigEndian }: NpyHeader,
  where: string,
): TypedArray {
  const count = shape.reduce((left, right) => left * right, 1)
  const size = bytesPerElement(dtype)
  if (raw.length < count * size)
    throw refuse(where, `it is truncated: ${raw.length} of ${count * size} bytes`)
  const data = allocate(dtype, count)
  const bytes = new Uint8Array(data.buffer)
  bytes.set(raw.subarray(0, count * size))
  if (bigEndian && size > 1)
    for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse()
  return fortranOrder && shape.length > 1 ? toCOrder(data, shape, dtype) : data
}

/** Reverses the axes of the layout. */
function toCOrder(data: TypedArray, shape: readonly number[], dtype: Dtype): TypedArray {
  const result = allocate(dtype, data.length)
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((left, right) => left * right, 1))
  const position = shape.map(() => 0)
  let from = 0
  const [source, target] = [data as Uint8Array, result as Uint8Array]
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]! += 1
      from += strides[axis]!
      if (position[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      position[axis] = 0
    }
  }
  return result
}

/** A version 1 header, padded as NumPy pads it. */
export function encodeHeader(shape: readonly number[], dtype: Dtype): Uint8Array {
  const type = Object.keys(TYPES).find((name) => TYPES[name] === dtype)!
  const descr = `${DTYPES[dtype].bytes === 1 ? '|' : '<'}${type}`
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const text = `${dictionary}${' '.repeat((64 - ((10 + dictionary.length + 1) % 64)) % 64)}\n`
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY\x01\x00', 'latin1'),
    Buffer.from([text.length & 255, text.length >> 8]),
    Buffer.from(text, 'latin1'),
  ])
}
