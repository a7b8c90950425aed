import { chunkflowError, type Dtype } from '@chunkflow/sdk'

/** How bytes are to be taken: as the header says, or as somebody who knows better does. */
export type ByteSign = 'auto' | 'signed' | 'unsigned'
export const BYTE_SIGNS = ['auto', 'signed', 'unsigned'] as const

const DTYPES: Readonly<Record<number, Dtype>> = { 1: 'int16', 2: 'float32', 6: 'uint16', 12: 'float16' }
const REFUSED: Readonly<Record<number, string>> = {
  3: 'complex 16-bit integers',
  4: 'complex numbers',
  16: 'RGB colours',
  101: '4-bit integers',
}

/** Every mode that a file may have. */
export const isMode = (mode: number): boolean => mode === 0 || mode in DTYPES || mode in REFUSED

/** @throws mrc-unreadable for modes that are not numbers of a chunk */
export function dtypeOfMode(mode: number, bytesAreSigned: boolean, path: string): Dtype {
  if (mode === 0) return bytesAreSigned ? 'int8' : 'uint8'
  const dtype = DTYPES[mode]
  if (dtype === undefined)
    throw chunkflowError(
      'mrc-unreadable',
      `${path} has mode ${mode}, ${REFUSED[mode] ?? 'which is unknown'}; modes 0, 1, 2, 6 and 12 are read`,
      { fix: 'convert it to floats, for instance with IMOD: newstack -mode 2' },
    )
  return dtype
}

/** The mode that holds a type; undefined for types the format does not have. */
export function modeOfDtype(dtype: Dtype): number | undefined {
  if (dtype === 'int8' || dtype === 'uint8' || dtype === 'bool') return 0
  const found = Object.entries(DTYPES).find(([, name]) => name === dtype)
  return found === undefined ? undefined : Number(found[0])
}

/**
 * Whether bytes are signed. Files of IMOD, and of others that set its stamp, say it; of others the extremes in the header may tell.
 * The standard of 2014 has signed bytes, what came before unsigned ones.
 */
export function bytesAreSigned(header: {
  readonly imodFlags: number | undefined
  readonly minimum: number
  readonly maximum: number
  readonly version: number
}): boolean {
  if (header.imodFlags !== undefined) return (header.imodFlags & 1) !== 0
  if (header.minimum <= header.maximum) {
    if (header.minimum < 0) return true
    if (header.maximum > 127) return false
  }
  return header.version >= 20_140
}
