/** Errors of this plugin: none, showing progress never fails a run. */
export const PROGRESS_ERROR_CODES = {} as const
