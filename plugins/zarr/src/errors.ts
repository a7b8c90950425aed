/** Errors of this plugin. */
export const ZARR_ERROR_CODES = {
  'zarr-chunk-corrupt':
    'A stored chunk cannot be decoded, or holds another number of voxels than its array says.',
  'zarr-chunk-missing': 'A chunk of an array is not stored.',
  'zarr-contended': 'Other writers keep changing a chunk.',
  'zarr-metadata-invalid': 'The metadata of an array or a group are not what their format asks for.',
  'zarr-mismatch': 'A chunk has other axes or another element type than the array it goes to.',
  'zarr-missing': 'There is no array at a place.',
  'zarr-options': 'Options of a Zarr operator do not fit together, or the array.',
  'zarr-too-large': 'A part of an array does not fit into memory.',
  'zarr-unsupported':
    'An array uses a codec, an element type, axes or a store that cannot be read or written here.',
} as const
