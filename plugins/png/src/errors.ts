/** Errors of this plugin. */
export const PNG_ERROR_CODES = {
  'png-missing': 'There is no such image, or a folder or prefix has none.',
  'png-mixed': 'Images that should form one volume differ in size or bit depth.',
  'png-options': 'Options of a PNG operator do not fit together or do not fit the chunk.',
  'png-range': 'Voxel values do not fit the bits of a grey image.',
  'png-unreadable': 'A file cannot be opened, is no PNG, is damaged, or is of a form that is not supported.',
} as const
