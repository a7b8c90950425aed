/** Errors of this plugin. */
export const TIFF_ERROR_CODES = {
  'tiff-missing': 'There is no such file, or a folder holds no TIFF files.',
  'tiff-mixed': 'Pages or files that should form one volume differ in size or type, or have too many axes.',
  'tiff-options': 'Options of a TIFF operator are not supported, or do not fit the chunk.',
  'tiff-unreadable': 'A file cannot be opened, is no TIFF, or is truncated or damaged.',
  'tiff-unsupported': 'A TIFF file uses a compression or sample type that is not supported.',
} as const
