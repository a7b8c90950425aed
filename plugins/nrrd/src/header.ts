import { chunkflowError, type Dtype } from '@chunkflow/sdk'
import { dtypeOfName } from './type-names.js'

export type Encoding = 'raw' | 'gzip' | 'text' | 'hex'

/** Where the elements of a detached header are. */
export interface DataFiles {
  /** Relative to the folder of the header, in order. */
  readonly names: readonly string[]
  /** How many axes one file has; all but the slowest unless the header says so. */
  readonly subdimension: number | undefined
}

/** What an NRRD header says. Everything by axis is fastest axis first, as in the file. */
export interface NrrdHeader {
  readonly dtype: Dtype
  readonly sizes: readonly number[]
  readonly encoding: Encoding
  /** True when the bytes of an element have to be turned round. */
  readonly bigEndian: boolean
  /** Lines to skip before the data, in the file. */
  readonly lineSkip: number
  /** Bytes to skip after that, of compressed data after decompression; -1: the data are the end of the file. */
  readonly byteSkip: number
  /** Undefined: the data follow the header. */
  readonly dataFiles: DataFiles | undefined
  readonly labels: readonly string[] | undefined
  readonly kinds: readonly string[] | undefined
  /** A vector an axis, null for axes that are not in space. */
  readonly spaceDirections: readonly (readonly number[] | null)[] | undefined
  readonly spaceOrigin: readonly number[] | undefined
  readonly space: string | undefined
  readonly spaceUnits: readonly string[] | undefined
  /** From sample to sample; NaN for axes without. */
  readonly spacings: readonly number[] | undefined
  readonly units: readonly string[] | undefined
}

const unreadable = (path: string, what: string, fix = 'write it again with the program it comes from') =>
  chunkflowError('nrrd-unreadable', `${path} ${what}`, { fix })

/**
 * Reads the lines of a header: the magic and everything up to the empty line, or to the end of a detached header.
 * @throws nrrd-unreadable
 */
export function parseHeader(lines: readonly string[], path: string): NrrdHeader {
  const version = /^NRRD(\d\d\.?\d\d)\s*$/.exec(lines[0] ?? '')?.[1]
  if (version === undefined) throw unreadable(path, 'is not an NRRD file', 'check the path')
  if (Number(version.replace('.', '')) > 5)
    throw unreadable(path, `has version ${Number(version)} of the NRRD format; 1 to 5 are read`)
  const { fields, rest } = parseFields(lines.slice(1), path)
  const required = (name: string): string => {
    const value = fields.get(name)
    if (value === undefined || value === '') throw unreadable(path, `has no field "${name}"`)
    return value
  }
  const sizes = numbersOf(required('sizes'))
  if (!sizes.every((size) => Number.isSafeInteger(size) && size > 0) || sizes.length === 0)
    throw unreadable(path, `has sizes that are none: "${fields.get('sizes')}"`)
  const dimension = Number(required('dimension'))
  if (dimension !== sizes.length)
    throw unreadable(path, `has dimension ${fields.get('dimension')}, but ${sizes.length} sizes`)
  const perAxis = <T>(name: string, values: readonly T[] | undefined): readonly T[] | undefined => {
    if (values !== undefined && values.length !== dimension)
      throw unreadable(path, `has ${values.length} ${name} for ${dimension} axes`)
    return values
  }
  const optional = <T>(name: string, parse: (text: string) => T): T | undefined => {
    const value = fields.get(name)
    return value === undefined ? undefined : parse(value)
  }
  const dtype = dtypeOfName(required('type'), path)
  const encoding = encodingOf(required('encoding'), path)
  return {
    dtype,
    sizes,
    encoding,
    bigEndian: isBigEndian(fields.get('endian'), dtype, encoding, path),
    lineSkip: skipOf(fields.get('lineskip'), 0, path),
    byteSkip: skipOf(fields.get('byteskip'), encoding === 'raw' ? -1 : 0, path),
    dataFiles: optional('datafile', (value) => dataFilesOf(value, rest, path)),
    labels: perAxis('labels', optional('labels', textsOf)),
    kinds: perAxis('kinds', optional('kinds', wordsOf)),
    spaceDirections: perAxis('space directions', optional('spacedirections', vectorsOf)),
    spaceOrigin: optional('spaceorigin', (value) => vectorsOf(value)[0] ?? undefined),
    space: fields.get('space'),
    spaceUnits: optional('spaceunits', textsOf),
    spacings: perAxis('spacings', optional('spacings', numbersOf)),
    units: perAxis('units', optional('units', textsOf)),
  }
}

/** Fields by name, in lower case and without spaces: `data file` and `datafile` are one. */
function parseFields(
  lines: readonly string[],
  path: string,
): { fields: ReadonlyMap<string, string>; rest: readonly string[] } {
  const fields = new Map<string, string>()
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('#')) continue
    const found = /^([^:]+):(=?)\s*(.*?)\s*$/.exec(line)
    if (found === null) throw unreadable(path, `has a header line that is no field: "${line.slice(0, 80)}"`)
    const [, name = '', isPair, value = ''] = found
    // key:=value pairs are anybody's
    if (isPair !== '') continue
    const key = name.toLowerCase().replace(/[\s_]+/g, '')
    fields.set(ALIASES[key] ?? key, value)
    // the rest of the header are names of files
    if (key === 'datafile' && /^LIST\b/.test(value)) return { fields, rest: lines.slice(index + 1) }
  }
  return { fields, rest: [] }
}

const ALIASES: Readonly<Record<string, string>> = { centerings: 'centers' }

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  raw: 'raw',
  gzip: 'gzip',
  gz: 'gzip',
  txt: 'text',
  text: 'text',
  ascii: 'text',
  hex: 'hex',
}

function encodingOf(name: string, path: string): Encoding {
  const encoding = ENCODINGS[name.toLowerCase()]
  if (encoding === undefined)
    throw unreadable(
      path,
      `has the encoding ${name}, which is not read`,
      'convert it to gzip or raw: unu save -f nrrd -e gzip',
    )
  return encoding
}

function isBigEndian(value: string | undefined, dtype: Dtype, encoding: Encoding, path: string): boolean {
  const matters = encoding !== 'text' && !/8$|bool/.test(dtype)
  if (!matters) return false
  const order = value?.toLowerCase()
  if (order !== 'big' && order !== 'little')
    throw unreadable(
      path,
      `does not say the byte order of its ${dtype}`,
      'add a line "endian: little" or "endian: big"',
    )
  return order === 'big'
}

function skipOf(value: string | undefined, minimum: number, path: string): number {
  if (value === undefined) return 0
  const count = Number(value)
  if (!Number.isSafeInteger(count) || count < minimum)
    throw unreadable(path, `skips "${value}", which is no number of lines or bytes to skip`)
  return count
}

/** `name`, `LIST [subdimension]` with names in the lines that follow, or `pattern first last step [subdimension]`. */
function dataFilesOf(value: string, rest: readonly string[], path: string): DataFiles {
  const list = /^LIST(?:\s+(\d+))?$/.exec(value)
  if (list !== null) {
    const names = rest.map((name) => name.trim()).filter((name) => name !== '')
    if (names.length === 0) throw unreadable(path, 'lists no data files')
    return { names, subdimension: list[1] === undefined ? undefined : Number(list[1]) }
  }
  const pattern = /^(\S*%0?\d*[du]\S*)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(?:\s+(\d+))?$/.exec(value)
  if (pattern === null) return { names: [value], subdimension: undefined }
  const [first, last, step] = pattern.slice(2, 5).map(Number) as [number, number, number]
  const count = Math.floor((last - first) / step) + 1
  if (!(count >= 1 && count <= MOST_FILES))
    throw unreadable(path, `numbers its data files wrongly: "${value}"`)
  const names = Array.from({ length: count }, (_, index) => numbered(pattern[1]!, first + index * step))
  return { names, subdimension: pattern[5] === undefined ? undefined : Number(pattern[5]) }
}

/** A header is small; so many names are a mistake, or an attack. */
const MOST_FILES = 2 ** 20

const numbered = (pattern: string, number: number): string =>
  pattern.replace(/%(0?)(\d*)[du]/, (_, zero: string, width: string) =>
    number < 0 && zero === '0'
      ? `-${String(-number).padStart(Number(width) - 1, '0')}`
      : String(number).padStart(Number(width), zero === '0' ? '0' : ' '),
  )

const wordsOf = (text: string): string[] => text.trim().split(/\s+/)
const numbersOf = (text: string): number[] =>
  wordsOf(text).map((word) => (/^nan$/i.test(word) ? Number.NaN : Number(word)))

/** `"x" "y" "z"`, or words without quotes. */
const textsOf = (text: string): string[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')

/** `(1,0,0) none (0,1,0)` */
const vectorsOf = (text: string): (readonly number[] | null)[] =>
  [...text.matchAll(/\(([^)]*)\)|none/gi)].map(([, inside]) =>
    inside === undefined ? null : inside.split(',').map(Number),
  )
