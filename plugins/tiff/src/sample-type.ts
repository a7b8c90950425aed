import type { Dtype } from '@chunkflow/sdk'

/** TIFF's SampleFormat numbers. */
const FORMATS = { unsigned: 1, signed: 2, float: 3 } as const

/** The dtype of samples; undefined for forms that chunks do not have (1 bit, 12 bit, complex). */
export function dtypeOfSamples(format: number, bits: number): Dtype | undefined {
  if (format === FORMATS.float)
    return bits === 16 || bits === 32 || bits === 64 ? (`float${bits}` as Dtype) : undefined
  if (![8, 16, 32, 64].includes(bits)) return undefined
  return format === FORMATS.signed ? (`int${bits}` as Dtype) : (`uint${bits}` as Dtype)
}

/** SampleFormat and BitsPerSample of a dtype. bool is stored as uint8. */
export function samplesOfDtype(dtype: Dtype): { readonly format: number; readonly bits: number } {
  if (dtype === 'bool') return { format: FORMATS.unsigned, bits: 8 }
  const bits = Number(/\d+$/.exec(dtype)![0])
  return {
    format: dtype.startsWith('float')
      ? FORMATS.float
      : dtype.startsWith('int')
        ? FORMATS.signed
        : FORMATS.unsigned,
    bits,
  }
}
