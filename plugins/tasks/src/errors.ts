/** Errors of this plugin. */
export const TASKS_ERROR_CODES = {
  'box-missing': 'The options do not say which box is meant.',
  'grid-invalid': 'A task grid cannot be laid out with these sizes.',
  'log-invalid': 'A folder of task logs holds nothing that can be summarised.',
  'production-sizes': 'No patch number fits the memory and the downsampling of a production run.',
  'queue-failed': 'A queue message cannot be understood.',
  'queue-pipeline-differs': 'A task of a queue was made for another chain than the one that runs.',
  'queue-stamps': 'A queue cannot keep with its messages for which chain they are.',
  'task-list-invalid': 'A file of boxes cannot be read.',
} as const
