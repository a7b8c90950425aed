import { chunkflowError, DTYPES, type Dtype, isDtype } from '@chunkflow/sdk'

/** What stands before the elements of an NPY file. */
export interface NpyHeader {
  readonly dtype: Dtype
  /** True when the bytes of an element have to be turned round. */
  readonly bigEndian: boolean
  /** True when the first axis is the fastest. */
  readonly fortranOrder: boolean
  readonly shape: readonly number[]
  /** Where the elements begin in the file. */
  readonly dataStart: number
}

/** Magic, version and the longest length field. */
export const PREFIX_BYTES = 12
const MAGIC = Buffer.from('\x93NUMPY', 'latin1')

/**
 * Where the text of the header begins and how long it is, from the first {@link PREFIX_BYTES} of the file or fewer.
 * Versions 2 and 3 have a longer length field. @throws npy-unreadable
 */
export function locateHeader(prefix: Buffer, path: string): { start: number; length: number } {
  if (prefix.length < 10 || !prefix.subarray(0, MAGIC.length).equals(MAGIC))
    throw invalid(path, 'is not an NPY file')
  const version = prefix[6]!
  if (version === 1) return { start: 10, length: prefix.readUInt16LE(8) }
  if (version > 3) throw invalid(path, `has version ${version} of the NPY format; 1 to 3 are read`)
  if (prefix.length < 12) throw invalid(path, 'ends within its header')
  return { start: 12, length: prefix.readUInt32LE(8) }
}

const invalid = (path: string, what: string) =>
  chunkflowError('npy-unreadable', `${path} ${what}`, { fix: 'write it again with numpy.save' })

/** Reads the header's text, a Python dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. @throws npy-unreadable */
export function parseHeader(text: string, dataStart: number, path: string): NpyHeader {
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1]
  // Python 2 wrote long integers as 3L
  const sizes = /['"]shape['"]\s*:\s*\(([\dL,\s]*)\)/.exec(text)?.[1]
  const described = /['"]descr['"]\s*:\s*(?:['"]([^'"]*)['"]|(\[))/.exec(text)
  if (order === undefined || sizes === undefined || described === null)
    throw invalid(path, 'has a header that is not understood')
  const shape = sizes
    .split(',')
    .map((word) => word.replace('L', '').trim())
    .filter((word) => word !== '')
    .map(Number)
  const [, code = 'records'] = described
  const { dtype, bigEndian } = parseType(code, path)
  return { dtype, bigEndian, fortranOrder: order === 'True', shape, dataStart }
}

const KINDS: Readonly<Record<string, string>> = { b: 'bool', f: 'float', i: 'int', u: 'uint' }

function parseType(code: string, path: string): { dtype: Dtype; bigEndian: boolean } {
  const match = /^([<>|=])?([bfiu])(\d+)$/.exec(code)
  const bytes = Number(match?.[3])
  const kind = KINDS[match?.[2] ?? '']
  const dtype = kind === 'bool' && bytes === 1 ? 'bool' : `${kind}${bytes * 8}`
  if (!isDtype(dtype))
    throw chunkflowError(
      'npy-unreadable',
      `${path} holds ${describeType(code)} (${code}), not numbers that can be loaded`,
      {
        fix: 'convert the array in Python, for instance with array.astype("float32"), and save it again',
      },
    )
  return { dtype, bigEndian: match?.[1] === '>' && bytes > 1 }
}

function describeType(code: string): string {
  const letter = code.replace(/^[<>|=]/, '')[0]
  if (letter === 'O') return 'Python objects'
  if (letter === 'U' || letter === 'S') return 'texts'
  if (letter === 'c') return 'complex numbers'
  if (letter === 'M' || letter === 'm') return 'times'
  return code === 'records' ? 'a structured type' : 'a type'
}

const LETTERS = { bool: 'b', unsigned: 'u', signed: 'i', float: 'f' } as const
/** The elements begin at a multiple of this, as NumPy writes them. */
const ALIGNMENT = 64

/** A header of version 1 for an array in C order, little endian. */
export function formatHeader(dtype: Dtype, shape: readonly number[]): Buffer {
  const { kind, bytes } = DTYPES[dtype]
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const descr = `${bytes === 1 ? '|' : '<'}${LETTERS[kind]}${bytes}`
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
  const total = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT
  const header = Buffer.alloc(total, ' ')
  MAGIC.copy(header)
  header.set([1, 0], 6)
  header.writeUInt16LE(total - 10, 8)
  header.write(text, 10, 'latin1')
  header[total - 1] = 0x0a
  return header
}
