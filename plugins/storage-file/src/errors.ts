/** Errors of this plugin. */
export const STORAGE_FILE_ERROR_CODES = {
  'file-unreadable': 'A file or folder cannot be read.',
  'file-unwritable': 'A file cannot be written: no space, no permission, no such folder.',
  'storage-key-invalid': 'A key would leave its storage or is not a name.',
  'storage-path-invalid': 'A path or URL is not one a storage can be opened with.',
} as const
