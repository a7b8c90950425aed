import { allocate, type PlainArray } from '@chunkflow/sdk'
import { permuteAxes } from '@chunkflow/sdk/numerics'
import { type ArrayRegion, readArrayRegion } from '@chunkflow/sdk/storage'
import { withNpyFile } from './npy-file.js'
import type { NpyHeader } from './npy-header.js'

/** Reads the header of a file. @throws npy-missing, npy-unreadable */
export const describeNpy = (path: string): Promise<NpyHeader> =>
  withNpyFile(path, async ({ header }) => header)

/**
 * Reads an array, or a part of it: no other bytes of the file than that part's rows, and gaps between short ones.
 * @param choose from the shape to the part to read; everything unless given
 * @throws npy-missing, npy-unreadable
 */
export const readNpy = (
  path: string,
  choose: (shape: readonly number[]) => ArrayRegion = (shape) => ({
    start: shape.map(() => 0),
    count: shape,
  }),
): Promise<PlainArray> =>
  withNpyFile(path, async (file) => {
    const { shape, dtype, fortranOrder } = file.header
    const { start, count } = choose(shape)
    const elements = count.reduce((left, right) => left * right, 1)
    const data = allocate(dtype, elements)
    // in Fortran order the file is the C-order array of the reversed axes
    const sizes = fortranOrder ? shape.toReversed() : shape
    const region = fortranOrder ? { start: start.toReversed(), count: count.toReversed() } : { start, count }
    if (elements > 0) await readArrayRegion(file.fill, { ...file.header, sizes }, region, data)
    const moved = fortranOrder
      ? await permuteAxes(data, dtype, region.count, [...shape.keys()].toReversed())
      : data
    return { shape: count, dtype, data: moved }
  })
