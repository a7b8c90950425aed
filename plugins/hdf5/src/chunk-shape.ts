import { type Chunk, chunkflowError } from '@chunkflow/sdk'

/** Sections and pixels of a storage chunk unless the user says otherwise: small enough for thin cutouts. */
const PREFERRED_ZYX = [16, 128, 128] as const

/** HDF5's chunk shape for an array: no axis longer than the array, one channel. */
export function chunkShapeFor(
  { shape }: Pick<Chunk, 'shape'>,
  wanted: readonly number[] | undefined,
): number[] {
  const spatial = shape.slice(-3)
  const chunks = (wanted ?? PREFERRED_ZYX).map((size, axis) => Math.max(1, Math.min(size, spatial[axis]!)))
  if (wanted?.some((size) => size < 1))
    throw chunkflowError('hdf5-options', `A chunk size of ${wanted.join(' ')} is not possible`, {
      fix: 'give three positive numbers',
    })
  return shape.length === 4 ? [1, ...chunks] : chunks
}
