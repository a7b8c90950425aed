/** Errors of this plugin. */
export const MRC_ERROR_CODES = {
  'mrc-lossy': 'Voxels cannot be kept in an element type that MRC files have.',
  'mrc-missing': 'There is no such file.',
  'mrc-options': 'A chunk, or the options of an operator, do not make an MRC file.',
  'mrc-unreadable': 'A file is not MRC, ends too early, or holds elements that are not read.',
} as const
