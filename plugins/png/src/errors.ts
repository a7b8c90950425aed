/** Errors of this plugin. */
export const PNG_ERROR_CODES = {
  'png-missing': 'There is no such picture, or the folder has none.',
  'png-unreadable': 'A file is no PNG or is damaged.',
  'png-unsupported': 'A chunk cannot be written as pictures.',
  'snapshot-invalid': 'The options of a snapshot do not fit the chunks.',
} as const
