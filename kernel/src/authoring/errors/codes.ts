/** Every error code the kernel raises, with the sentence the documentation gives it. Alphabetical. */
export const KERNEL_ERROR_CODES = {
  'box-invalid': 'A bounding box or its text form is not a box.',
  'chunk-invalid': 'An array does not fit the shape, type or metadata it is declared with.',
  'chunk-outside': 'A region is not fully inside the chunk it is taken from.',
  'container-cycle': 'Services need each other in a circle.',
  'dry-run-refused': 'An operator tried to change something in a dry run.',
  'dtype-unsupported': 'An operation does not exist for this element type.',
  'flag-invalid': 'An option has a value of the wrong type, count or range.',
  'flag-missing': 'A required option is missing.',
  'flag-unknown': 'An operator does not have this option.',
  'late-source': 'An operator that makes tasks stands behind others.',
  'operator-quarantined': 'The operator belongs to an installed plugin that could not be loaded.',
  'operator-unknown': 'No operator has this name.',
  'pipeline-invalid': 'A pipeline file does not follow its schema.',
  'plan-kind-mismatch': 'A variable holds another kind of value than the operator reads.',
  'plan-skip-target': 'The target of a skip is missing or lies before the operator that skips.',
  'plan-variable-missing': 'An operator reads a variable that nothing before it writes.',
  'plugin-invalid': 'A plugin does not export a definition this host understands.',
  'run-interrupted': 'The run was stopped by a signal.',
  'service-missing': 'No installed plugin provides the service an operator needs.',
  'shape-mismatch': 'Shapes do not agree or cannot be broadcast.',
  'task-no-bbox': 'The operator needs a task with a bounding box.',
  'task-variable-missing': 'A variable is not in the task.',
  unexpected: 'Code failed in a way its author did not foresee.',
} as const

export type KernelErrorCode = keyof typeof KERNEL_ERROR_CODES
