/** Every error code this plugin raises itself. */
export const INFERENCE_ONNX_ERROR_CODES = {
  'onnx-device-missing': 'The device that was asked for is not there, or onnxruntime cannot use it.',
  'onnx-device-unknown': 'There is no device of this name.',
  'onnx-model-invalid': 'The file is not an ONNX model that onnxruntime can read.',
  'onnx-model-missing': 'No model file was given, or it does not exist.',
  'onnx-model-shape': 'The inputs or outputs of the model do not suit the patches.',
  'onnx-run-failed': 'The library onnxruntime failed on a batch of patches.',
  'onnx-runtime-missing': 'The library onnxruntime could not be loaded.',
} as const
