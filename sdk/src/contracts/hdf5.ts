import { refuseMethods, token } from '@chunkflow/kernel/authoring'
import type { PlainArray } from './records.js'

/** What the root of an HDF5 file holds. */
export interface Hdf5Table {
  readonly datasets: Readonly<Record<string, PlainArray>>
  /** Texts. */
  readonly attributes: Readonly<Record<string, string>>
}

/**
 * Tables in HDF5 files: arrays that are read and written whole, without position and size of voxels. Chunks go through
 * READERS instead.
 */
export interface Hdf5 {
  /**
   * All arrays of numbers and all texts in the root of a file; other objects are left out.
   * @throws hdf5-missing, hdf5-unreadable
   */
  read(path: string, options?: { readonly signal?: AbortSignal }): Promise<Hdf5Table>
  /**
   * Makes a file, whole or not at all. Arrays are stored in one piece, of any element type but float16. The same table
   * gives the same bytes.
   * @throws hdf5-options, hdf5-unwritable
   */
  write(path: string, table: Hdf5Table, options?: { readonly signal?: AbortSignal }): Promise<void>
}

export const HDF5 = token<Hdf5>('chunkflow.hdf5', {
  readOnly: (hdf5) => refuseMethods(hdf5, ['write'], 'HDF5'),
})
