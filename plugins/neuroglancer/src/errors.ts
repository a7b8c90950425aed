/** Errors of this plugin. */
export const NEUROGLANCER_ERROR_CODES = {
  'viewer-address': 'The viewer cannot listen on this address or port.',
  'viewer-layer': 'A variable holds nothing that a viewer can show.',
  'viewer-options':
    'Options of a viewer, or of a layer in brackets, are not understood or do not fit together.',
} as const
