/** Errors of this plugin. */
export const NRRD_ERROR_CODES = {
  'nrrd-geometry': 'The position or the voxel size in a header cannot be those of a chunk.',
  'nrrd-missing': 'There is no such file.',
  'nrrd-options': 'The axes of an NRRD file, or the options of an operator, do not make a chunk.',
  'nrrd-unreadable': 'A file is not NRRD, ends too early, or uses what is not read.',
} as const
