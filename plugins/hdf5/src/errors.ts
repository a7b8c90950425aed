/** Errors of this plugin. */
export const HDF5_ERROR_CODES = {
  'hdf5-dataset': 'A file has no dataset that can be read as a chunk.',
  'hdf5-missing': 'There is no such file.',
  'hdf5-options': 'Options of an HDF5 operator do not fit together or are not supported.',
  'hdf5-unreadable': 'A file is no HDF5 file, is truncated, or needs a filter that is not available.',
} as const
