/** Errors of this plugin. */
export const HDF5_ERROR_CODES = {
  'hdf5-dataset': 'A file has no dataset that can be read as a chunk.',
  'hdf5-memory': 'A storage chunk of a file is larger than the HDF5 library can hold.',
  'hdf5-missing': 'There is no such file.',
  'hdf5-options': 'Options of an HDF5 operator do not fit together, the file, or what can be written.',
  'hdf5-unreadable': 'A file is not HDF5, is truncated or damaged, or needs a filter that is not available.',
  'hdf5-unwritable': 'A file cannot be written: no space, no permission, or a size limit.',
} as const
