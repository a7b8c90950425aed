import { chunkflowError, type RawOptions } from '../../authoring/index.js'

/** One chain in the form that command lines, pipeline files and the API share. */
export interface Pipeline {
  readonly schema: 1
  readonly globals: { readonly mip?: number; readonly dryRun?: boolean }
  readonly steps: readonly PipelineStep[]
}

export interface PipelineStep {
  /** Canonical operator name. */
  readonly operator: string
  /** Instance name, when not the default. */
  readonly name?: string
  /** Explicit values only, camelCase keys. 64-bit ids are decimal strings. */
  readonly options: RawOptions
}

/** Reads a pipeline file's parsed JSON. @throws pipeline-invalid */
export function readPipeline(value: unknown, where: string): Pipeline {
  const refuse = (what: string): never => {
    throw chunkflowError('pipeline-invalid', `Not a pipeline: ${what}`, {
      where,
      fix: 'chunkflow --save-pipeline FILE … writes a correct one',
    })
  }
  if (!isRecord(value)) return refuse('it is not a JSON object')
  if (value.schema !== 1) refuse(`"schema" is ${JSON.stringify(value.schema)}, this host reads 1`)
  const globals = value.globals ?? {}
  if (!isRecord(globals)) return refuse('"globals" is not an object')
  for (const key of Object.keys(globals))
    if (key !== 'mip' && key !== 'dryRun') refuse(`unknown global "${key}"`)
  if (globals.mip !== undefined && !(Number.isInteger(globals.mip) && (globals.mip as number) >= 0))
    refuse('"mip" is not a whole number')
  if (globals.dryRun !== undefined && typeof globals.dryRun !== 'boolean')
    refuse('"dryRun" is not true or false')
  if (!Array.isArray(value.steps) || value.steps.length === 0) return refuse('"steps" is not a list of steps')
  const steps = value.steps.map((step: unknown, index): PipelineStep => {
    if (!isRecord(step) || typeof step.operator !== 'string')
      return refuse(`step ${index + 1} names no operator`)
    if (step.name !== undefined && typeof step.name !== 'string')
      refuse(`the name of step ${index + 1} is not text`)
    if (step.options !== undefined && !isRecord(step.options))
      refuse(`the options of step ${index + 1} are not an object`)
    return {
      operator: step.operator,
      ...(step.name === undefined ? {} : { name: step.name as string }),
      options: (step.options ?? {}) as RawOptions,
    }
  })
  return { schema: 1, globals: globals as Pipeline['globals'], steps }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
