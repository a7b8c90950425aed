/** Errors of this plugin. */
export const SYNAPSE_ERROR_CODES = {
  'points-map': 'Points cannot be detected in a map: channels, element type, or values that are no numbers.',
  'synapses-labels': 'Segments are looked up in something that is no segmentation.',
  'synapses-missing': 'There is no such file of synapses.',
  'synapses-options': 'Options of an operator for synapses or points do not fit together.',
} as const
