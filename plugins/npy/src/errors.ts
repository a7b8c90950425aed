/** Errors of this plugin. */
export const NPY_ERROR_CODES = {
  'npy-missing': 'There is no such file.',
  'npy-unreadable': 'A file is no NumPy array file, is truncated, or holds elements that chunks do not have.',
} as const
