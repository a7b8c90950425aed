import {
  type Chunk,
  chunkflowError,
  findFlag,
  isChunk,
  kebabCase,
  type Logger,
  type OperatorEntry,
  type RawOptions,
  typeOfChunk,
  type VariableType,
} from '@chunkflow/kernel/authoring'
import {
  createHost,
  type Pipeline,
  type PipelineStep,
  type Plan,
  type Registry,
} from '@chunkflow/kernel/host'
import { openRegistry } from '../discovery/registry.js'
import type { OperatorMethods } from './operator-methods.js'

export interface RunOptions {
  /** Where messages go; silent unless given. */
  readonly logger?: Logger
  readonly signal?: AbortSignal
}

export interface ChainResult {
  readonly tasks: number
  /** Tasks of a queue that failed. */
  readonly failures: number
  /** What the last task held in the end. */
  readonly variables: Readonly<Record<string, unknown>>
}

export interface ChainSettings {
  readonly mip?: number
  readonly dryRun?: boolean
  /** Variables the task starts with, for chains without a source. */
  readonly variables?: Readonly<Record<string, Chunk | unknown>>
}

interface ChainMethods {
  /** The chain as a pipeline file holds it. Operators are looked up when it runs. */
  pipeline(): Promise<Pipeline>
  plan(): Promise<Plan>
  run(options?: RunOptions): Promise<ChainResult>
}

/** A chain with one method per operator, in camelCase; every call adds a step and gives a new chain. */
export interface Chain extends ChainMethods, OperatorMethods {
  /** Any operator by name, those of installed plugins included. */
  step(operator: string, options?: Readonly<Record<string, unknown>>): Chain
}

export interface UncheckedStep {
  readonly operator: string
  readonly options: Readonly<Record<string, unknown>>
}

/** An empty chain. */
export const chunkflow = (settings: ChainSettings = {}): Chain => chainOf(settings, [])

function chainOf(settings: ChainSettings, steps: readonly UncheckedStep[]): Chain {
  const methods: ChainMethods = {
    pipeline: async () => pipelineOf(settings, steps, await openRegistry()),
    plan: async () => {
      const registry = await openRegistry()
      return createHost(registry).plan(pipelineOf(settings, steps, registry), {
        variables: typesOf(settings.variables),
      })
    },
    run: async (options) => {
      let variables: Readonly<Record<string, unknown>> = {}
      const { tasks, failures } = await runSteps(settings, steps, options, (found) => {
        variables = found
      })
      return { tasks, failures, variables }
    },
  }
  const step = (operator: string, options: Readonly<Record<string, unknown>> = {}): Chain =>
    chainOf(settings, [...steps, { operator, options }])
  return new Proxy({ ...methods, step } as Chain, {
    get: (target, property) => {
      if (typeof property !== 'string' || property in target) return Reflect.get(target, property)
      // a chain is no promise, though it is awaited by mistake now and then
      if (property === 'then') return undefined
      return (options: Readonly<Record<string, unknown>> = {}) =>
        chainOf(settings, [...steps, { operator: kebabCase(property), options }])
    },
  })
}

function pipelineOf(
  { mip, dryRun }: ChainSettings,
  steps: readonly UncheckedStep[],
  registry: Registry,
): Pipeline {
  return {
    schema: 1,
    globals: { ...(mip === undefined ? {} : { mip }), ...(dryRun ? { dryRun } : {}) },
    steps: steps.map((step) => checkStep(step, registry)),
  }
}

/** Plans and runs steps. @param onTask gets the variables of every task that passed through all of them */
export async function runSteps(
  settings: ChainSettings,
  steps: readonly UncheckedStep[],
  { logger = SILENT, signal }: RunOptions = {},
  onTask: (variables: Readonly<Record<string, unknown>>) => void,
): Promise<Pick<ChainResult, 'tasks' | 'failures'>> {
  const registry = await openRegistry()
  const host = createHost(registry)
  try {
    const plan = await host.plan(pipelineOf(settings, steps, registry), {
      variables: typesOf(settings.variables),
    })
    return await host.run(plan, {
      logger,
      ...(signal === undefined ? {} : { signal }),
      ...(settings.variables === undefined ? {} : { variables: settings.variables }),
      onTask: (task) => onTask(Object.fromEntries(task.names().map((name) => [name, task.get(name)]))),
    })
  } finally {
    await host.dispose()
  }
}

/** Canonical names: operators by alias, options by camelCase alias (`input` for `inputChunkName`). */
function checkStep({ operator, options }: UncheckedStep, registry: Registry): PipelineStep {
  const { entry } = registry.find(operator)
  const { name, ...rest } = options
  const own = Object.hasOwn(entry.flags, 'name')
  return {
    operator: entry.name,
    ...(typeof name === 'string' && !own ? { name } : {}),
    options: canonicalOptions(entry, own ? options : rest) as RawOptions,
  }
}

/** Options under their own keys. @throws flag-unknown */
export const canonicalOptions = (
  entry: OperatorEntry,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [canonicalKey(entry, key), value]))

function canonicalKey(entry: OperatorEntry, key: string): string {
  if (Object.hasOwn(entry.flags, key) || (key === 'extra' && entry.unknownFlags === 'collect')) return key
  if (key === 'name') return key
  const found = findFlag(entry.flags, kebabCase(key))
  if (found !== undefined && found.value === undefined) return found.key
  throw chunkflowError('flag-unknown', `No such option: ${key}`, {
    where: entry.name,
    fix: `options: ${Object.keys(entry.flags).join(', ')}`,
  })
}

function typesOf(variables: ChainSettings['variables'] = {}): Readonly<Record<string, VariableType>> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      isChunk(value) ? typeOfChunk(value) : { kind: 'any' },
    ]),
  )
}

const SILENT: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {}, result() {} })
