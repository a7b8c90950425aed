/** Errors of this plugin. */
export const TIFF_ERROR_CODES = {
  'tiff-missing': 'There is no such file, or the folder has no TIFF files.',
  'tiff-pages': 'The pages of a TIFF do not make one volume.',
  'tiff-unreadable': 'A file is no TIFF, is truncated, or uses a form that cannot be decoded.',
  'tiff-unsupported': 'A TIFF cannot be written in this form.',
} as const
