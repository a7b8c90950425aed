/** Commands beside chains. No operator may take these names. */
export const HOST_COMMANDS: readonly string[] = Object.freeze([
  'doctor',
  'help',
  'open',
  'operators',
  'plan',
  'plugins',
  'queue',
  'registry',
  'run',
  'types',
  'version',
  'worker',
])
