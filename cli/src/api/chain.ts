import {
  type Chunk,
  chunkflowError,
  findFlag,
  isChunk,
  kebabCase,
  type Logger,
  type OperatorEntry,
  type RawOptions,
  type RawValue,
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

interface UncheckedStep {
  readonly operator: string
  readonly options: Readonly<Record<string, unknown>>
}

/** An empty chain. */
export const chunkflow = (settings: ChainSettings = {}): Chain => chainOf(settings, [])

function chainOf(settings: ChainSettings, steps: readonly UncheckedStep[]): Chain {
  const pipeline = async (registry?: Registry): Promise<Pipeline> => {
    const known = registry ?? (await openRegistry())
    const { mip, dryRun } = settings
    return {
      schema: 1,
      globals: { ...(mip === undefined ? {} : { mip }), ...(dryRun ? { dryRun } : {}) },
      steps: steps.map((step) => checkStep(step, known)),
    }
  }
  const methods: ChainMethods = {
    pipeline: () => pipeline(),
    plan: async () => {
      const registry = await openRegistry()
      return createHost(registry).plan(await pipeline(registry), { variables: typesOf(settings.variables) })
    },
    run: async ({ logger = SILENT, signal } = {}) => {
      const registry = await openRegistry()
      const host = createHost(registry)
      let variables: Readonly<Record<string, unknown>> = {}
      try {
        const plan = await host.plan(await pipeline(registry), { variables: typesOf(settings.variables) })
        const { tasks, failures } = await host.run(plan, {
          logger,
          ...(signal === undefined ? {} : { signal }),
          ...(settings.variables === undefined ? {} : { variables: settings.variables }),
          onTask: (task) => {
            variables = Object.fromEntries(task.names().map((name) => [name, task.get(name)]))
          },
        })
        return { tasks, failures, variables }
      } finally {
        await host.dispose()
      }
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

/** Canonical names: operators by alias, options by camelCase alias (`input` for `inputChunkName`). */
function checkStep({ operator, options }: UncheckedStep, registry: Registry): PipelineStep {
  const { entry } = registry.find(operator)
  const { name, ...rest } = options
  const own = Object.hasOwn(entry.flags, 'name')
  return {
    operator: entry.name,
    ...(typeof name === 'string' && !own ? { name } : {}),
    options: Object.fromEntries(
      Object.entries(own ? options : rest).map(([key, value]) => [
        canonicalKey(entry, key),
        value as RawValue,
      ]),
    ) as RawOptions,
  }
}

function canonicalKey(entry: OperatorEntry, key: string): string {
  if (Object.hasOwn(entry.flags, key) || (key === 'extra' && entry.unknownFlags === 'collect')) return key
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
      isChunk(value)
        ? {
            kind: 'chunk',
            dtype: value.dtype,
            rank: value.shape.length,
            shape: value.shape,
            layerType: value.layerType,
            layerTypeDeclared: value.layerTypeDeclared,
          }
        : { kind: 'any' },
    ]),
  )
}

const SILENT: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {}, result() {} })
