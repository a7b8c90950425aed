/** Every error code this plugin raises itself. */
export const INFERENCE_PYTHON_ERROR_CODES = {
  'export-differs': 'The exported file does not give what PyTorch gives.',
  'export-failed': 'PyTorch cannot export the model.',
  'javascript-model-failed': 'The JavaScript model file threw an error.',
  'model-channels-missing': 'The model gives fewer channels than were asked for.',
  'model-device-missing': 'The device that was asked for is not there.',
  'model-device-unknown': 'The framework has no device of this name.',
  'model-file-invalid': 'The model file does not define what the framework looks for.',
  'model-file-missing': 'No model file was given, or it does not exist.',
  'model-memory': 'The model ran out of memory.',
  'model-output-unknown': 'Models of this framework do not name their outputs.',
  'model-result-invalid': 'The model gave something else than one result of the right size for each patch.',
  'model-weighted':
    'A universal model applies the patch weights itself, which --augment-affinity cannot undo.',
  'model-weights-invalid': 'The weights cannot be read, or belong to another network.',
  'model-weights-missing': 'The file of weights does not exist.',
  'pznet-missing': 'There is no pznet module.',
} as const
