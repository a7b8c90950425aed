/** Errors of this plugin. */
export const SEGMENTATION_ERROR_CODES = {
  'affinity-invalid': 'The input of agglomerate is not an affinity map.',
  'affinity-nan': 'An affinity map contains values that are no numbers.',
  'affinity-thresholds': 'The low threshold of the watershed is not below the high one.',
  'evaluation-invalid': 'Two volumes of different shape cannot be compared.',
  'fragments-invalid': 'The fragments to merge are not labels of the size of the affinities.',
  'labels-invalid': 'An operator on labels was given something else.',
  'segmentation-too-large': 'A chunk exceeds what can be segmented at once.',
  'selection-invalid': 'A list of object ids cannot be read.',
} as const
