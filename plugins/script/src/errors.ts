/** Every error code this plugin raises itself. */
export const SCRIPT_ERROR_CODES = {
  'plugin-arguments': 'The arguments for a plugin file cannot be read.',
  'plugin-exception': 'A plugin file threw an error.',
  'plugin-file-invalid': 'A plugin file cannot be compiled or has no function execute.',
  'plugin-file-missing': 'No plugin file has this name.',
  'plugin-input': 'A variable is of a kind that Python cannot be given.',
  'plugin-outputs': 'A plugin file returned more or fewer values than there are variables for them.',
  'python-crashed': 'The Python process ended while it was needed.',
  'python-exception': 'Python code raised an exception.',
  'python-memory': 'Neither shared memory nor the temporary folder has room for the voxels.',
  'python-missing': 'There is no Python interpreter, or it does not start.',
  'python-module-missing': 'Python lacks a module that is needed.',
  'python-result': 'A Python function is missing, or gave back something that cannot be sent.',
  'python-too-old': 'The Python interpreter is older than 3.8.',
} as const
