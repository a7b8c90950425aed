import { setTimeout } from 'node:timers/promises'
import {
  type HookHandlers,
  type Logger,
  type Progress,
  type RunContext,
  SILENT_PROGRESS,
  type Task,
} from '../authoring/index.js'
import { createProcessScope, createRunContainer, type ServiceContainer } from './container/container.js'
import { type ActiveHook, createHookDispatcher } from './hooks/hooks.js'
import type { Pipeline } from './plan/pipeline.js'
import { type Plan, type PlanSettings, planPipeline } from './plan/plan.js'
import type { LoadedPlugin, PluginSource, Registry } from './registry/registry.js'
import { watchMemory } from './run/memory-watch.js'
import { type RunResult, runPlan } from './run/runner.js'

export interface HostRunSettings {
  readonly logger: Logger
  readonly signal?: AbortSignal
  readonly onInterrupt?: RunContext['onInterrupt']
  /** Names of hooks to load, besides those of the caller. */
  readonly hooks?: readonly string[]
  readonly observers?: readonly ActiveHook[]
  /** Variables that the task of a chain without a source starts with. */
  readonly variables?: Readonly<Record<string, unknown>>
  /** Gets every task that passed through the whole chain. */
  readonly onTask?: (task: Task) => void
  /** Waits between tasks that failed for a reason that may pass; the clock unless a test says otherwise. */
  readonly pause?: (seconds: number, signal: AbortSignal) => Promise<void>
  /** Asked for a progress reporter once the run's services exist. */
  readonly progress?: (services: ServiceContainer) => Promise<Progress>
}

/** Plans and runs pipelines over one registry; keeps process-scoped services until disposed. */
export interface Host {
  readonly registry: Registry
  plan(pipeline: Pipeline, settings?: PlanSettings): Promise<Plan>
  run(plan: Plan, settings: HostRunSettings): Promise<RunResult>
  /** Services outside a chain, for commands of the host; they are disposed when `use` ends. */
  withServices<T>(logger: Logger, use: (services: ServiceContainer) => Promise<T>): Promise<T>
  dispose(): Promise<void>
}

export function createHost(registry: Registry): Host {
  const processScope = createProcessScope()
  return {
    registry,
    plan: (pipeline, settings) => planPipeline(pipeline, registry, settings),
    async run(plan, settings) {
      const { logger } = settings
      const services = createRunContainer(processScope, { registry, logger, globals: plan.globals, plan })
      const memory = watchMemory()
      try {
        const hooks = [
          ...(settings.observers ?? []),
          ...(await loadHooks(registry, services, settings, plan)),
        ]
        return await runPlan(plan, {
          registry,
          services,
          logger,
          hooks: createHookDispatcher(hooks, logger),
          progress: (await settings.progress?.(services)) ?? SILENT_PROGRESS,
          variables: settings.variables ?? {},
          onTask: settings.onTask ?? (() => {}),
          afterStep: memory.look,
          pause: settings.pause ?? pause,
          signal: settings.signal ?? new AbortController().signal,
          onInterrupt: settings.onInterrupt ?? (() => () => {}),
        })
      } finally {
        memory.end()
        await services.dispose()
      }
    },
    async withServices(logger, use) {
      const services = createRunContainer(processScope, {
        registry,
        logger,
        globals: { mip: 0, dryRun: false },
      })
      try {
        return await use(services)
      } finally {
        await services.dispose()
      }
    },
    dispose: () => processScope.dispose(),
  }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(seconds * 1000, undefined, { signal }).catch(() => {})
}

async function loadHooks(
  registry: Registry,
  services: ServiceContainer,
  settings: HostRunSettings,
  plan: Plan,
): Promise<ActiveHook[]> {
  const active: ActiveHook[] = []
  const wanted = new Set(settings.hooks ?? [])
  const sources = registry.plugins
    .filter(({ slice }) => slice.hooks.some(({ name }) => wanted.has(name)))
    .sort((left, right) => (left.slice.package < right.slice.package ? -1 : 1))
  for (const source of sources) {
    const plugin = await loadObservers(registry, source, wanted, settings.logger)
    if (plugin === undefined) continue
    for (const hook of plugin.definition.hooks) {
      if (!wanted.delete(hook.name)) continue
      const handlers: HookHandlers = await hook.create({
        services: (await services.resolve(hook.needs ?? {})) as never,
        logger: settings.logger,
        globals: plan.globals,
        workers: plugin.workers,
        assets: plugin.assets,
      })
      active.push({ name: hook.name, critical: hook.critical ?? false, handlers })
    }
  }
  for (const name of wanted) settings.logger.warn(`no installed plugin has a hook named "${name}"`)
  return active
}

/** A plugin that cannot be loaded costs its hooks, not the run, unless one of them is critical. */
async function loadObservers(
  registry: Registry,
  source: PluginSource,
  wanted: Set<string>,
  logger: Logger,
): Promise<LoadedPlugin | undefined> {
  try {
    return await registry.loadPlugin(source)
  } catch (error) {
    const hooks = source.slice.hooks.filter(({ name }) => wanted.delete(name))
    if (hooks.some(({ critical }) => critical)) throw error
    logger.warn(`${(error as Error).message}; not running: ${hooks.map(({ name }) => name).join(', ')}`)
    return undefined
  }
}
