import {
  type AnyOperator,
  chunkflowError,
  type OperatorDefinition,
  parseOptions,
  type RunGlobals,
  type SourceDefinition,
  type VariableType,
} from '../../authoring/index.js'
import type { LoadedPlugin, Registry } from '../registry/registry.js'
import type { Pipeline } from './pipeline.js'
import type { PlannedSource, PlannedStep } from './planned-step.js'
import { flowVariables } from './variables.js'

export type { PlannedPort, PlannedSource, PlannedStep } from './planned-step.js'

/** A chain that was checked before anything runs. */
export interface Plan {
  readonly globals: RunGlobals
  readonly source: PlannedSource | undefined
  readonly steps: readonly PlannedStep[]
  readonly warnings: readonly string[]
}

export interface PlanSettings {
  /** Discard what stands before a source, with a warning, instead of refusing. */
  readonly allowLateSource?: boolean
  /** Variables that the task of a chain without a source starts with. */
  readonly variables?: Readonly<Record<string, VariableType>>
}

interface ParsedStep {
  readonly index: number
  readonly name: string
  readonly definition: AnyOperator
  readonly plugin: LoadedPlugin
  readonly options: Readonly<Record<string, unknown>>
}

/** Loads, parses and checks a chain. @throws every error that can be seen before running */
export async function planPipeline(
  pipeline: Pipeline,
  registry: Registry,
  settings: PlanSettings = {},
): Promise<Plan> {
  const globals: RunGlobals = { mip: pipeline.globals.mip ?? 0, dryRun: pipeline.globals.dryRun ?? false }
  const warnings: string[] = []
  const parsed: ParsedStep[] = []
  for (const [index, step] of pipeline.steps.entries()) {
    const { definition, plugin } = await registry.loadOperator(step.operator)
    const options = parseOptions(
      definition,
      step.name === undefined ? step.options : { ...step.options, name: step.name },
    )
    parsed.push({ index, name: instanceName(definition, options), definition, plugin, options })
  }
  const kept = dropBeforeLateSource(parsed, settings, warnings)
  const [first] = kept
  const source =
    first !== undefined && isSource(first.definition)
      ? ({ ...first, definition: first.definition } as PlannedSource)
      : undefined
  const operators = (source === undefined ? kept : kept.slice(1)) as (ParsedStep & {
    definition: OperatorDefinition
  })[]
  const steps = flowVariables(operators, source, settings.variables ?? {})
  checkSkipTargets(steps, registry)
  if (source?.definition.queue && !steps.some((step) => step.definition.acknowledges))
    warnings.push(
      'tasks are fetched from a queue but never deleted: without delete-task-in-queue every task comes back',
    )
  return { globals, source, steps, warnings }
}

const isSource = (definition: AnyOperator): definition is SourceDefinition => definition.role === 'source'

function instanceName(definition: AnyOperator, options: Readonly<Record<string, unknown>>): string {
  if (typeof options.name === 'string') return options.name
  return definition.role === 'operator' && typeof definition.timed === 'string'
    ? definition.timed
    : definition.name
}

function dropBeforeLateSource(
  parsed: readonly ParsedStep[],
  settings: PlanSettings,
  warnings: string[],
): readonly ParsedStep[] {
  const late = parsed.findLastIndex((step) => isSource(step.definition))
  if (late <= 0) return parsed
  const discarded = parsed
    .slice(0, late)
    .map((step) => step.name)
    .join(', ')
  if (!settings.allowLateSource)
    throw chunkflowError(
      'late-source',
      `${parsed[late]!.name} makes its own tasks: what stands before it (${discarded}) would be discarded`,
      {
        where: `step ${late + 1}`,
        fix: 'put it first, or run the operators before it as a chain of their own (--allow-late-source discards them)',
      },
    )
  warnings.push(`${parsed[late]!.name} makes its own tasks: discarded ${discarded}`)
  return parsed.slice(late)
}

/** True when a skip target, or an older name of the operator, means this step. */
export function isSkipTarget(
  target: string,
  step: { readonly name: string; readonly definition: { readonly name: string } },
  registry: Registry,
): boolean {
  if (step.name === target) return true
  return step.name === step.definition.name && registry.lookUp(target)?.entry.name === step.definition.name
}

function checkSkipTargets(steps: readonly PlannedStep[], registry: Registry): void {
  for (const step of steps)
    for (const target of step.definition.skipTargets?.(step.options as never) ?? []) {
      const downstream = steps.slice(steps.indexOf(step) + 1)
      if (downstream.some((candidate) => isSkipTarget(target, candidate, registry))) continue
      throw chunkflowError(
        'plan-skip-target',
        `${step.name} skips to "${target}", but no later operator has that name`,
        {
          where: `step ${step.index + 1}`,
          fix:
            downstream.length > 0
              ? `later operators: ${downstream.map((candidate) => candidate.name).join(', ')}`
              : 'put the target behind it',
        },
      )
    }
}
