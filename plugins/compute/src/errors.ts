/** Errors of this plugin. */
export const COMPUTE_ERROR_CODES = {
  'compute-buffer-too-large': 'A message to a worker holds more memory than arrives whole.',
  'compute-kernel-failed': 'A kernel or a worker method threw.',
  'compute-worker-crashed': 'A worker ended before its job did, often for lack of memory.',
} as const
