/** Errors of this plugin, besides those of all storages. */
export const STORAGE_FILE_ERROR_CODES = {
  'file-unreadable': 'A file or folder cannot be read.',
  'file-unwritable': 'A file cannot be written: no space, no permission, no such folder.',
} as const
