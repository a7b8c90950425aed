/** Errors that several plugins raise in the same words, with the sentence the documentation gives them. Alphabetical. */
export const SDK_ERROR_CODES = {
  'storage-conflict': 'An object is not in the state that a conditional write asks for.',
  'storage-credential-invalid': 'A credential is incomplete, unreadable or expired.',
  'storage-denied': 'A storage refuses access: no credential, a wrong one, or one without the permission.',
  'storage-failed': 'A storage answers with something that is of no use.',
  'storage-key-invalid': 'A key would leave its storage or is not a name.',
  'storage-missing': 'A bucket does not exist.',
  'storage-path-invalid': 'A path or URL is not one a storage can be opened with.',
  'storage-unavailable': 'A storage cannot be reached, or fails again and again.',
  'storage-unsupported': 'A storage cannot do what is asked of it.',
  'synapses-invalid': 'A file or a variable holds no synapses, or such that contradict each other.',
} as const
