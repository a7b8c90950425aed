import { allocate, type PlainArray } from '@chunkflow/sdk'
import { withNpyFile } from './npy-file.js'
import type { NpyHeader } from './npy-header.js'
import { type Region, readStored } from './stored-region.js'
import { fromFortranOrder } from './transpose.js'

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
  choose: (shape: readonly number[]) => Region = (shape) => ({ start: shape.map(() => 0), count: shape }),
): Promise<PlainArray> =>
  withNpyFile(path, async (file) => {
    const { shape, dtype, fortranOrder } = file.header
    const { start, count } = choose(shape)
    const elements = count.reduce((left, right) => left * right, 1)
    const data = allocate(dtype, elements)
    // in Fortran order the file is the C-order array of the reversed axes
    const stored = fortranOrder
      ? { sizes: shape.toReversed(), start: start.toReversed(), count: count.toReversed() }
      : { sizes: shape, start, count }
    if (elements > 0) await readStored(file, stored, data)
    return { shape: count, dtype, data: fortranOrder ? await fromFortranOrder(data, dtype, count) : data }
  })
