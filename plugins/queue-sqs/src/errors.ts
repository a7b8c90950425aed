/** Errors of this plugin. */
export const QUEUE_SQS_ERROR_CODES = {
  'queue-denied': 'Amazon SQS refuses the credentials, or there are none.',
  'queue-lease-lost': 'A message was fetched by somebody else, or is gone, before its task was finished.',
  'queue-missing': 'There is no queue of that name.',
  'queue-name-invalid': 'A text is not the name of a queue.',
  'queue-unreachable': 'Amazon SQS does not answer, or not as expected.',
} as const
