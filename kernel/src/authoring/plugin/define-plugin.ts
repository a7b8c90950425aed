import type { BoundingBox } from '../chunk/bounding-box.js'
import type { Logger } from '../operator/context.js'
import type { AnyOperator, RunGlobals } from '../operator/define-operator.js'
import type { TaskLog } from '../operator/task.js'
import type { AnyToken, KeyedToken, ServiceNeeds, ServicesOf, Token } from './token.js'

/** The version of the contract between host and plugins; a host accepts its own and the previous one. */
export const API_VERSION = 1

export interface ProviderContext<N extends ServiceNeeds> {
  readonly services: ServicesOf<N>
  readonly logger: Logger
  readonly globals: RunGlobals
  readonly workers: Readonly<Record<string, URL>>
  /** Where the plugin's assets lie, by the names its definition gives them. */
  readonly assets: Readonly<Record<string, URL>>
}

/** `process`: made once, shared by all runs. `run`: made anew for each. */
export type Scope = 'process' | 'run'

/** A service with the recipe to make it. The value may have a `dispose()`. */
export interface Provider {
  readonly token: AnyToken
  readonly key: string | undefined
  readonly needs: ServiceNeeds
  readonly scope: Scope
  readonly create: (context: ProviderContext<ServiceNeeds>) => unknown
}

interface ProviderSettings<T, N extends ServiceNeeds> {
  readonly needs?: N
  readonly scope?: Scope
  /** Lazily: `(context) => import('./driver.js').then((module) => module.createDriver(context))`. */
  readonly create: (context: ProviderContext<N>) => T | Promise<T>
}

export function provide<T, const N extends ServiceNeeds = Record<never, never>>(
  token: KeyedToken<T>,
  key: string,
  settings: ProviderSettings<T, N>,
): Provider
export function provide<T, const N extends ServiceNeeds = Record<never, never>>(
  token: Token<T>,
  settings: ProviderSettings<T, N>,
): Provider
/** Declares a service. */
export function provide(wanted: AnyToken, second: unknown, third?: unknown): Provider {
  const settings = (third ?? second) as ProviderSettings<unknown, ServiceNeeds>
  return Object.freeze({
    token: wanted,
    key: typeof second === 'string' ? second : undefined,
    needs: settings.needs ?? {},
    scope: settings.scope ?? 'run',
    create: settings.create as Provider['create'],
  })
}

/** What observers see of a step. */
export interface StepView {
  readonly index: number
  readonly name: string
  readonly operator: string
}
export interface TaskView {
  readonly index: number
  readonly bbox: BoundingBox | undefined
  readonly log: Readonly<TaskLog>
}
export interface RunView {
  readonly steps: readonly StepView[]
  readonly globals: RunGlobals
  /** How many tasks the source will make: known from `runStarted` on, if at all. */
  readonly taskCount: number | undefined
}

/** Lifecycle points, awaited in this order; finishing ones run in reverse plugin order. */
export interface HookHandlers {
  runPlanned?(run: RunView): unknown
  runStarted?(run: RunView): unknown
  taskStarted?(task: TaskView): unknown
  operatorStarted?(step: StepView, task: TaskView): unknown
  operatorFinished?(step: StepView, task: TaskView, seconds: number): unknown
  operatorSkipped?(step: StepView, task: TaskView, reason: string): unknown
  taskFinished?(task: TaskView): unknown
  taskSkipped?(task: TaskView, reason: string): unknown
  taskFailed?(task: TaskView, error: unknown): unknown
  taskAcknowledged?(task: TaskView): unknown
  /** Always fires, also after a failure. */
  runFinished?(result: {
    readonly failed: boolean
    readonly tasks: number
    readonly error?: unknown
  }): unknown
}

export interface HookDefinition {
  readonly name: string
  readonly summary: string
  /** An error of a critical hook fails the task before it is acknowledged; others are reported once and disabled. */
  readonly critical?: boolean
  readonly needs?: ServiceNeeds
  readonly create: (context: ProviderContext<ServiceNeeds>) => HookHandlers | Promise<HookHandlers>
}

export interface PluginDefinition {
  /** npm package name. */
  readonly name: string
  readonly apiVersion: number
  readonly operators: Readonly<Record<string, () => Promise<{ readonly default: AnyOperator }>>>
  readonly provides: readonly Provider[]
  readonly hooks: readonly HookDefinition[]
  /** Entries of JavaScript workers, relative to the plugin's entry file, by name. */
  readonly workers: Readonly<Record<string, string>>
  /**
   * Files or folders shipped as they are (scripts of another language, pages), relative to the plugin's entry file, by
   * name. The build copies them beside the bundle.
   */
  readonly assets: Readonly<Record<string, string>>
  readonly permissions: readonly Permission[]
}

/** Declared for people to read; nothing is sandboxed. */
export type Permission = 'environment' | 'filesystem' | 'network' | 'subprocess'

const BRAND = Symbol.for('chunkflow.Plugin')

/** A plugin's only entry, default export of its main file. */
export function definePlugin(
  definition: Partial<PluginDefinition> & Pick<PluginDefinition, 'name'>,
): PluginDefinition {
  return Object.freeze({
    [BRAND]: 1,
    apiVersion: API_VERSION,
    operators: {},
    provides: [],
    hooks: [],
    workers: {},
    assets: {},
    permissions: [],
    ...definition,
  })
}

export function isPlugin(value: unknown): value is PluginDefinition {
  return typeof value === 'object' && value !== null && BRAND in value
}
