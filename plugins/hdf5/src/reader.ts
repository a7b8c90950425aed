import type { Compute, Files, Reader } from '@chunkflow/sdk'
import { describeHdf5, readHdf5 } from './hdf5-file.js'

/** HDF5 files as a READER. */
export function hdf5Reader(files: Files, compute: Compute, worker: URL): Reader {
  const services = { compute, worker }
  return {
    matches: (path) => /\.(h5|hdf|hdf5)$/i.test(path),
    probe: async (path, { dataset } = {}) => {
      const found = await describeHdf5(files.resolve(path), { dataset }, services)
      return {
        shape: found.dataset.shape,
        dtype: found.dataset.dtype,
        voxelOffset: found.voxelOffset,
        voxelSize: found.voxelSize,
        layerType: found.layerType ?? null,
      }
    },
    read: (path, { dataset, box } = {}) =>
      readHdf5(files.resolve(path), { dataset, box: box === undefined ? undefined : () => box }, services),
  }
}
