/** Errors of this plugin. */
export const SKELETON_ERROR_CODES = {
  'skeleton-fragments': 'There is nothing to aggregate, or a fragment cannot be read.',
  'skeleton-info': 'A folder of skeletons is something else, or has attributes that are not understood.',
  'skeleton-labels': 'An operator on labels was given something else.',
  'skeleton-missing': 'There is no such file or folder of skeletons.',
  'skeleton-options': 'Options of an operator on skeletons do not fit together.',
  'skeleton-too-large': 'An object exceeds what can be skeletonised at once.',
  'swc-invalid': 'A file is not SWC.',
} as const
