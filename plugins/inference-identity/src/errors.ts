/** Every error code this plugin raises itself. */
export const INFERENCE_IDENTITY_ERROR_CODES = {
  'identity-device': 'The identity is copied by the processor; there is no other device.',
  'identity-output': 'The identity has one output, without a name.',
} as const
