/** This plugin raises the errors of all storages only (`SDK_ERROR_CODES`). */
export const STORAGE_GCS_ERROR_CODES = {} as const
