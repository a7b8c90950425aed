import { type FlagDefinition, flag } from '@chunkflow/kernel/authoring'

/** Options before the first operator. */
export const GLOBAL_FLAGS = {
  mip: flag.integer({
    char: 'm',
    default: 0,
    minimum: 0,
    summary: 'default mip level of operators that have a --mip option',
  }),
  dryRun: flag.boolean({ no: 'real-run', summary: 'write and send nothing; say what would be done' }),
  verbose: flag.optionalInteger({
    defaultText: 'off',
    summary: 'more messages, and stacks of unexpected errors',
  }),
  quiet: flag.boolean({ no: [], summary: 'warnings and errors only, no progress' }),
  logLevel: flag.text({
    char: 'l',
    choices: ['debug', 'info', 'warning', 'error', 'critical'],
    default: 'info',
    summary: 'least severe messages shown',
  }),
  logFile: flag.text({ char: 'f', summary: 'also write messages to this file' }),
  hook: flag.list({ summary: 'enable hooks of installed plugins, by name' }),
  allowLateSource: flag.boolean({
    summary: 'discard what stands before an operator that makes tasks, instead of refusing',
  }),
  savePipeline: flag.text({ summary: 'write the chain as a pipeline file and do not run it' }),
} as const satisfies Record<string, FlagDefinition>

export interface GlobalOptions {
  readonly mip: number
  readonly dryRun: boolean
  readonly verbose: number | undefined
  readonly quiet: boolean
  readonly logLevel: 'debug' | 'info' | 'warning' | 'error' | 'critical'
  readonly logFile: string | undefined
  readonly hook: readonly string[] | undefined
  readonly allowLateSource: boolean
  readonly savePipeline: string | undefined
}
