/** Errors of this plugin. */
export const SEGMENTATION_ERROR_CODES = {
  'affinity-invalid': 'The input of agglomerate is not an affinity map.',
  'evaluation-invalid': 'Two volumes cannot be compared.',
  'segmentation-too-large': 'A chunk exceeds what can be segmented at once.',
  'selection-invalid': 'A list of object ids cannot be read.',
} as const
