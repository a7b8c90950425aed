/** Errors of this plugin. */
export const QUEUE_FILE_ERROR_CODES = {
  'queue-lease-lost': 'A message was fetched by somebody else, or is gone, before its task was finished.',
  'queue-missing': 'There is no queue in a folder.',
  'queue-name-invalid': 'A text is not the folder of a queue.',
  'queue-unreachable': 'The folder of a queue cannot be read or written.',
} as const
