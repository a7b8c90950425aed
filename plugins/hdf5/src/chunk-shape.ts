import type { Chunk, Zyx } from '@chunkflow/sdk'

/** Sections and pixels of a storage chunk unless the user says otherwise: small enough for thin cutouts. */
const PREFERRED_ZYX = [16, 128, 128] as const

/** HDF5's chunk shape for an array: no axis longer than the array, one channel. @param wanted z y x */
export function chunkShapeFor({ shape }: Pick<Chunk, 'shape'>, wanted: Zyx | undefined): number[] {
  const spatial = shape.slice(-3)
  const chunks = (wanted ?? PREFERRED_ZYX).map((size, axis) => Math.max(1, Math.min(size, spatial[axis]!)))
  return shape.length === 4 ? [1, ...chunks] : chunks
}
