import type { Dtype } from '@chunkflow/sdk'
import type { Metadata } from 'h5wasm/node'

/** HDF5's classes of elements. */
export const INTEGER = 0
export const FLOAT = 1
export const ENUMERATION = 8

/**
 * Undefined for texts, compounds, complex numbers and the like. Booleans are the enumeration h5py stores them as; other
 * enumerations are their numbers.
 */
export function dtypeOf(metadata: Metadata): Dtype | undefined {
  const { type, size, signed, littleEndian } = metadata
  if (type === FLOAT && [2, 4, 8].includes(size)) return `float${size * 8}` as Dtype
  if (type === ENUMERATION && isBoolean(metadata)) return 'bool'
  // the library does not swap the bytes of enumerations
  const whole = type === INTEGER || (type === ENUMERATION && (littleEndian || size === 1))
  if (whole && [1, 2, 4, 8].includes(size)) return `${signed ? 'int' : 'uint'}${size * 8}` as Dtype
  return undefined
}

const isBoolean = ({ size, enum_type }: Metadata): boolean =>
  size === 1 && enum_type?.nmembers === 2 && enum_type.members.FALSE === 0 && enum_type.members.TRUE === 1
