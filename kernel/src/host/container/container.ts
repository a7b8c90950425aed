// before tsyringe, which asks for it when it is loaded
import 'reflect-metadata'
import { type DependencyContainer, container as rootContainer } from 'tsyringe'
import {
  type AnyToken,
  chunkflowError,
  isChunkflowError,
  type Logger,
  type Need,
  PIPELINES,
  type Provider,
  type RunGlobals,
  type ServiceFamily,
  type ServiceNeeds,
} from '../../authoring/index.js'
import { createPipelines } from '../plan/pipelines.js'
import type { Plan } from '../plan/plan.js'
import type { LoadedPlugin, PluginSource, Registry } from '../registry/registry.js'

/** Resolves the services that steps, sources, hooks and other services need. */
export interface ServiceContainer {
  resolve(needs: ServiceNeeds): Promise<Record<string, unknown>>
  /** Disposes run-scoped services in reverse order of creation. */
  dispose(): Promise<void>
}

export interface ContainerSettings {
  readonly registry: Registry
  readonly logger: Logger
  readonly globals: RunGlobals
  /** The chain that runs; undefined for commands that run none. */
  readonly plan?: Plan
}

interface Registered {
  readonly provider: Provider
  readonly plugin: LoadedPlugin
}

/** One host's process-scoped services; runs get children of it. */
export function createProcessScope(): {
  readonly container: DependencyContainer
  readonly made: unknown[]
  dispose(): Promise<void>
} {
  const made: unknown[] = []
  return { container: rootContainer.createChildContainer(), made, dispose: () => disposeAll(made) }
}

/**
 * The services of one run. Every (token, key) is a tsyringe key of its own, registered when first needed: only plugins
 * that provide what is needed are loaded. Async factories are memoised per scope and cycles are refused.
 */
export function createRunContainer(
  processScope: ReturnType<typeof createProcessScope>,
  { registry, logger, globals, plan }: ContainerSettings,
): ServiceContainer {
  const run = processScope.container.createChildContainer()
  const made: unknown[] = []
  /** What the host itself provides. */
  const own: ReadonlyMap<symbol, unknown> = new Map([[PIPELINES.symbol, createPipelines(registry, plan)]])

  const offering = (token: AnyToken): { source: PluginSource; key: string | undefined }[] =>
    registry.plugins.flatMap((source) =>
      source.slice.services
        .filter((service) => service.token === token.id && service.version === token.version)
        .map(({ key }) => ({ source, key })),
    )

  async function register(
    token: AnyToken,
    key: string | undefined,
    path: readonly string[],
  ): Promise<unknown> {
    const provided = own.get(token.symbol)
    if (provided !== undefined) return provided
    const id = key === undefined ? token.id : `${token.id}/${key}`
    if (path.includes(id))
      throw chunkflowError(
        'container-cycle',
        `Services need each other in a circle: ${[...path, id].join(' → ')}`,
        { fix: 'this is a mistake of a plugin' },
      )
    const symbol = Symbol.for(`${token.symbol.description}/${key ?? ''}`)
    if (!run.isRegistered(symbol, true)) {
      const { provider, plugin } = await findProvider(token, key)
      const [scope, list] =
        provider.scope === 'process' ? [processScope.container, processScope.made] : [run, made]
      // a second caller may have registered it while the plugin was loading
      if (!scope.isRegistered(symbol))
        scope.register<Holder>(symbol, {
          useValue: memoise(() => make(provider, plugin, [...path, id], list)),
        })
    }
    const service = await run.resolve<Holder>(symbol).get()
    return globals.dryRun && token.readOnly !== undefined ? token.readOnly(service) : service
  }

  async function findProvider(token: AnyToken, key: string | undefined): Promise<Registered> {
    const offers = offering(token)
    const offer = offers.find((candidate) => candidate.key === key)
    if (offer === undefined) {
      const keys = offers.map((candidate) => candidate.key).filter((name) => name !== undefined)
      throw chunkflowError(
        'service-missing',
        key === undefined
          ? `No installed plugin provides the service ${token.id}`
          : `No installed plugin provides ${token.id} for "${key}"`,
        {
          fix:
            keys.length > 0
              ? `available: ${keys.sort().join(', ')}`
              : `install a plugin that provides ${token.id}`,
        },
      )
    }
    const plugin = await registry.loadPlugin(offer.source)
    const provider = plugin.definition.provides.find(
      (candidate) => candidate.token.symbol === token.symbol && candidate.key === key,
    )
    if (provider === undefined)
      throw chunkflowError(
        'plugin-invalid',
        `${offer.source.slice.package} lists ${token.id} but does not provide it`,
        { fix: 'install the plugin again' },
      )
    return { provider, plugin }
  }

  async function make(
    provider: Provider,
    plugin: LoadedPlugin,
    path: readonly string[],
    list: unknown[],
  ): Promise<unknown> {
    const services = await resolveAll(provider.needs, path)
    try {
      const service = await provider.create({
        services: services as never,
        logger,
        globals,
        workers: plugin.workers,
        assets: plugin.assets,
      })
      list.push(service)
      return service
    } catch (cause) {
      if (isChunkflowError(cause)) throw cause
      throw chunkflowError(
        'plugin-invalid',
        `${plugin.definition.name} could not make ${path.at(-1)}: ${(cause as Error).message}`,
        { fix: 'install it again, with its dependencies', cause },
      )
    }
  }

  function family(token: AnyToken, path: readonly string[]): ServiceFamily<unknown> {
    const keys = offering(token)
      .flatMap(({ key }) => (key === undefined ? [] : [key]))
      .sort()
    return { keys: () => keys, has: (key) => keys.includes(key), get: (key) => register(token, key, path) }
  }

  async function resolveAll(needs: ServiceNeeds, path: readonly string[]): Promise<Record<string, unknown>> {
    const services: Record<string, unknown> = {}
    for (const [name, need] of Object.entries(needs)) {
      const { token, optional } = readNeed(need)
      if (token.many) services[name] = family(token, path)
      else if (optional && !own.has(token.symbol) && offering(token).length === 0) services[name] = undefined
      else services[name] = await register(token, undefined, path)
    }
    return services
  }

  return {
    resolve: (needs) => resolveAll(needs, []),
    dispose: async () => {
      await disposeAll(made)
    },
  }
}

interface Holder {
  get(): Promise<unknown>
}

/** One attempt shared by all callers; a failed one is forgotten, so that a later caller tries again. */
function memoise(create: () => Promise<unknown>): Holder {
  let promise: Promise<unknown> | undefined
  return {
    get: () => {
      promise ??= create().catch((error: unknown) => {
        promise = undefined
        throw error
      })
      return promise
    },
  }
}

const readNeed = (need: Need): { token: AnyToken; optional: boolean } =>
  'token' in need ? { token: need.token, optional: true } : { token: need, optional: false }

async function disposeAll(services: unknown[]): Promise<void> {
  for (const service of services.splice(0).reverse()) {
    const dispose = (service as { dispose?: () => unknown } | null)?.dispose
    if (typeof dispose === 'function') await dispose.call(service)
  }
}
