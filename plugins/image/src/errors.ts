/** Errors of this plugin. */
export const IMAGE_ERROR_CODES = {
  'image-dtype': 'The operator does not take chunks of this element type or shape.',
} as const
