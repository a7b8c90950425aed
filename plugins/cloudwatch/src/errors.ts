/** Errors of this plugin. */
export const CLOUDWATCH_ERROR_CODES = {
  'metrics-failed': 'Amazon CloudWatch does not take the metrics of a task.',
} as const
