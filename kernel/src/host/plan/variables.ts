import {
  chunkflowError,
  type FlagDefinition,
  type OperatorDefinition,
  type Port,
  type PortKind,
  suggest,
  type VariableType,
} from '../../authoring/index.js'
import type { LoadedPlugin } from '../registry/registry.js'
import { atStep, type PlannedPort, type PlannedSource, type PlannedStep } from './planned-step.js'

interface Writer {
  readonly type: VariableType
  readonly by: string
}

interface Candidate {
  readonly index: number
  readonly name: string
  readonly definition: OperatorDefinition
  readonly plugin: LoadedPlugin
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * Follows every variable through the chain: what is read must have been written before, with a kind the reader takes;
 * dtypes, ranks and shapes are checked by the operators' `infer` as far as they are known.
 */
export function flowVariables(
  steps: readonly Candidate[],
  source: PlannedSource | undefined,
  given: Readonly<Record<string, VariableType>>,
): PlannedStep[] {
  const variables = new Map<string, Writer>(
    Object.entries(given).map(([name, type]) => [name, { type, by: 'the caller' }]),
  )
  for (const name of source?.definition.sets ?? [])
    variables.set(name, { type: { kind: 'any' }, by: source!.name })
  return steps.map((step) => {
    const { definition, options } = step
    const inputs = portsOf(definition, options, 'input')
    const outputs = portsOf(definition, options, 'output')
    const types: Record<string, VariableType> = {}
    for (const input of inputs) {
      const writer = variables.get(input.variable)
      if (writer === undefined) {
        if (input.optional) continue
        throw missingVariable(step, input.variable, variables)
      }
      checkKind(step, input, writer)
      types[input.flag] = writer.type
    }
    for (const name of definition.requires ?? [])
      if (!variables.has(name)) throw missingVariable(step, name, variables)
    const inferred = atStep(step, () => definition.infer?.(types, options as never)) ?? {}
    const explanation = atStep(step, () => definition.explain?.(types, options as never)) ?? []
    const estimatedBytes = atStep(step, () => definition.estimate?.(types, options as never))?.bytes
    for (const output of outputs)
      variables.set(output.variable, {
        type: inferred[output.flag] ?? { kind: kindOf(output.port) },
        by: `${step.name} (step ${step.index + 1})`,
      })
    for (const name of [...(definition.sets ?? []), ...(definition.writes?.(options as never) ?? [])])
      variables.set(name, { type: { kind: 'any' }, by: step.name })
    for (const flag of definition.deletes ?? [])
      for (const name of namesIn(options[flag])) variables.delete(name)
    return {
      ...step,
      inputs,
      outputs,
      explanation,
      estimatedBytes,
      variables: Object.fromEntries([...variables].map(([name, { type }]) => [name, type])),
    }
  })
}

function portsOf(
  definition: OperatorDefinition,
  options: Readonly<Record<string, unknown>>,
  direction: Port['direction'],
): (PlannedPort & { port: Port })[] {
  return Object.entries(definition.flags as Record<string, FlagDefinition>).flatMap(([flag, settings]) => {
    const { port } = settings
    if (port?.direction !== direction) return []
    const names = namesIn(options[flag])
    const isDefault = names.join() === namesIn(settings.default).join()
    return names
      .map((text) => (port.syntax === 'layers' ? text.replace(/\[.*\]$/, '') : text))
      .filter((text) => !(port.syntax === 'none' && text === 'None'))
      .map((variable) => ({
        flag,
        variable,
        port,
        nullable: port.nullable ?? false,
        optional: port.optional ?? (isDefault && (port.optionalDefault ?? false)),
      }))
  })
}

const namesIn = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? (value as string[]) : []

const kindOf = (port: Port): PortKind => (typeof port.kind === 'string' ? port.kind : 'any')

function missingVariable(step: Candidate, name: string, variables: ReadonlyMap<string, Writer>): Error {
  if (name === 'bbox')
    return chunkflowError(
      'task-no-bbox',
      `${step.name} needs a task with a bounding box, but nothing before it makes one`,
      {
        where: `step ${step.index + 1}`,
        fix: 'start the chain with create-bbox, generate-tasks or fetch-task',
      },
    )
  const available = [...variables.keys()].filter((variable) => variable !== 'bbox')
  const near = suggest(name, available)
  return chunkflowError(
    'plan-variable-missing',
    `${step.name} reads "${name}", but no operator before it writes that variable`,
    {
      where: `step ${step.index + 1}`,
      fix:
        available.length === 0
          ? 'put a loader or create-chunk before it'
          : `${near.length > 0 ? `did you mean ${near.join(' or ')}? ` : ''}available: ${available.map((variable) => `${variable} (by ${variables.get(variable)!.by})`).join(', ')}`,
    },
  )
}

function checkKind(step: Candidate, input: PlannedPort & { port: Port }, writer: Writer): void {
  const accepted = typeof input.port.kind === 'string' ? [input.port.kind] : input.port.kind
  if (accepted.includes('any') || writer.type.kind === 'any' || accepted.includes(writer.type.kind)) return
  throw chunkflowError(
    'plan-kind-mismatch',
    `${step.name} reads "${input.variable}" as ${accepted.join(' or ')}, but ${writer.by} writes ${writer.type.kind} there`,
    {
      where: `step ${step.index + 1}`,
      fix: 'name another variable with the input option, or write it under another name before',
    },
  )
}
