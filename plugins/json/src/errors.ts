/** Errors of this plugin. */
export const JSON_ERROR_CODES = {
  'json-invalid': 'A file is not JSON, or a value cannot be written as JSON.',
} as const
