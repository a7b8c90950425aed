/** Errors of this plugin. */
export const NPY_ERROR_CODES = {
  'npy-missing': 'There is no such file.',
  'npy-options': 'Options of an NPY operator do not fit together or the array.',
  'npy-unreadable':
    'A file is not NPY, ends too early, or holds objects, texts or records instead of numbers.',
} as const
