/** Errors of this plugin. */
export const IMAGE_ERROR_CODES = {
  'image-dtype': 'The operator does not take chunks of this element type or shape.',
  'image-range': 'Voxels lie outside the values the operator takes.',
  'levels-invalid': 'A file of intensity levels is not one.',
  'levels-missing': 'A section has no stored intensity levels.',
} as const
