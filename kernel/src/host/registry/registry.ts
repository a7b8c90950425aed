import {
  type AnyOperator,
  API_VERSION,
  chunkflowError,
  isPlugin,
  type OperatorEntry,
  type PluginDefinition,
  type PluginSlice,
  suggest,
} from '../../authoring/index.js'

/** Where a plugin's slice and code come from. */
export interface PluginSource {
  readonly slice: PluginSlice
  readonly origin: 'first-party' | 'installed' | 'linked'
  /** Why the slice is only a stand-in: the plugin's own could not be read. */
  readonly broken?: string
  /** URL of the entry file; resolved only when the plugin is needed. */
  readonly entry: () => string | Promise<string>
}

export interface LoadedPlugin {
  readonly definition: PluginDefinition
  /** Built worker entries by name. */
  readonly workers: Readonly<Record<string, URL>>
  /** Shipped files and folders by name. */
  readonly assets: Readonly<Record<string, URL>>
}

export interface QuarantinedPlugin {
  readonly source: PluginSource
  readonly reason: string
}

export interface FoundOperator {
  readonly entry: OperatorEntry
  readonly source: PluginSource
}

/** All operators and services known without importing any plugin. */
export interface Registry {
  readonly plugins: readonly PluginSource[]
  readonly quarantined: readonly QuarantinedPlugin[]
  /** In alphabetical order. */
  operators(): readonly FoundOperator[]
  /** By name or alias. @throws operator-unknown, operator-quarantined */
  find(name: string): FoundOperator
  /** As {@link find}, undefined instead of an error. */
  lookUp(name: string): FoundOperator | undefined
  loadOperator(name: string): Promise<{
    readonly definition: AnyOperator
    readonly plugin: LoadedPlugin
    readonly entry: OperatorEntry
  }>
  loadPlugin(source: PluginSource): Promise<LoadedPlugin>
}

/**
 * Joins slices. A plugin that is broken, collides with one before it, or speaks another API version, is quarantined whole.
 * @param sources first-party plugins first
 * @param reserved names of host commands, which no operator may take
 */
export function createRegistry(sources: readonly PluginSource[], reserved: readonly string[] = []): Registry {
  const byName = new Map<string, FoundOperator>()
  const services = new Map<string, PluginSource>()
  const hooks = new Map<string, PluginSource>()
  const plugins: PluginSource[] = []
  const quarantined: QuarantinedPlugin[] = []
  for (const source of sources) {
    const reason = refusal(source, { byName, services, hooks, reserved })
    if (reason !== undefined) {
      if (source.origin === 'first-party')
        throw chunkflowError('plugin-invalid', reason, { where: source.slice.package })
      quarantined.push({ source, reason })
      continue
    }
    plugins.push(source)
    for (const entry of source.slice.operators)
      for (const name of [entry.name, ...entry.aliases]) byName.set(name, { entry, source })
    for (const service of source.slice.services) services.set(serviceId(service), source)
    for (const { name } of source.slice.hooks) hooks.set(name, source)
  }
  const loaded = new Map<PluginSource, Promise<LoadedPlugin>>()
  const loadPlugin = (source: PluginSource): Promise<LoadedPlugin> => {
    const present = loaded.get(source)
    if (present !== undefined) return present
    const promise = importPlugin(source)
    loaded.set(source, promise)
    return promise
  }
  const find = (name: string): FoundOperator => {
    const found = byName.get(name)
    if (found !== undefined) return found
    const bad = quarantined.find(({ source }) =>
      source.slice.operators.some((entry) => entry.name === name || entry.aliases.includes(name)),
    )
    if (bad !== undefined)
      throw chunkflowError(
        'operator-quarantined',
        `Operator "${name}" is in ${bad.source.slice.package}, which cannot be used: ${bad.reason}`,
        {
          fix: `chunkflow plugins update ${bad.source.slice.package}, or uninstall it`,
        },
      )
    throw unknownOperator(name, [...byName.keys()], quarantined)
  }
  return {
    plugins,
    quarantined,
    operators: () =>
      [...new Map([...byName.values()].map((found) => [found.entry.name, found])).values()].sort(
        (left, right) => (left.entry.name < right.entry.name ? -1 : 1),
      ),
    find,
    lookUp: (name) => byName.get(name),
    loadPlugin,
    loadOperator: async (name) => {
      const { entry, source } = find(name)
      const plugin = await loadPlugin(source)
      const load = plugin.definition.operators[entry.name]
      if (load === undefined)
        throw chunkflowError(
          'plugin-invalid',
          `${source.slice.package} lists "${entry.name}" but does not have it`,
          { fix: 'install the plugin again' },
        )
      return { definition: (await load()).default, plugin, entry }
    },
  }
}

const OPERATOR = Symbol.for('chunkflow.unknownOperator')

function unknownOperator(
  name: string,
  known: readonly string[],
  quarantined: readonly QuarantinedPlugin[],
): Error {
  const near = suggest(name, known)
  // a plugin whose list cannot be read may be the one that has it
  const suspects = quarantined.filter(({ source }) => source.broken !== undefined)
  const error = chunkflowError('operator-unknown', `No such command '${name}'.`, {
    fix: [
      near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'chunkflow --help lists the operators',
      ...suspects.map(({ source, reason }) => `${source.slice.package} cannot be used: ${reason}`),
    ].join('; '),
  })
  return Object.assign(error, { [OPERATOR]: name })
}

/** The name that an error of {@link Registry.find} says is unknown; undefined for other errors. */
export const unknownOperatorOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null ? (error as { [OPERATOR]?: string })[OPERATOR] : undefined

const serviceId = ({ token, key }: { token: string; key?: string }): string =>
  key === undefined ? token : `${token}/${key}`

interface Taken {
  readonly byName: ReadonlyMap<string, FoundOperator>
  readonly services: ReadonlyMap<string, PluginSource>
  readonly hooks: ReadonlyMap<string, PluginSource>
  readonly reserved: readonly string[]
}

function refusal({ slice, broken }: PluginSource, taken: Taken): string | undefined {
  if (broken !== undefined) return broken
  if (!(slice.apiVersion <= API_VERSION && slice.apiVersion >= API_VERSION - 1))
    return `it was built for plugin API ${slice.apiVersion}; this host understands ${API_VERSION - 1} and ${API_VERSION}`
  const own = new Set<string>()
  for (const entry of slice.operators)
    for (const name of [entry.name, ...entry.aliases]) {
      const other = taken.byName.get(name)
      if (other !== undefined) return `operator "${name}" exists already in ${other.source.slice.package}`
      if (taken.reserved.includes(name)) return `operator name "${name}" is a command of the host`
      if (own.has(name)) return `operator name "${name}" is used twice`
      own.add(name)
    }
  for (const service of slice.services) {
    const other = taken.services.get(serviceId(service))
    if (other !== undefined) return `service "${serviceId(service)}" exists already in ${other.slice.package}`
  }
  for (const { name } of slice.hooks) {
    const other = taken.hooks.get(name)
    if (other !== undefined) return `hook "${name}" exists already in ${other.slice.package}`
  }
  return undefined
}

async function importPlugin(source: PluginSource): Promise<LoadedPlugin> {
  const url = await source.entry()
  let module: { default?: unknown }
  try {
    module = (await import(url)) as { default?: unknown }
  } catch (cause) {
    throw chunkflowError(
      'plugin-invalid',
      `${source.slice.package} could not be loaded: ${(cause as Error).message}`,
      {
        fix: 'install it again, with its dependencies',
        cause,
      },
    )
  }
  if (!isPlugin(module.default))
    throw chunkflowError('plugin-invalid', `${source.slice.package} does not export a plugin definition`, {
      where: url,
    })
  const built = !url.endsWith('.ts')
  const workers = Object.fromEntries(
    Object.entries(module.default.workers).map(([name, file]) => [
      name,
      new URL(built ? file.replace(/\.ts$/, '.js') : file, url),
    ]),
  )
  // a plugin built before there were assets has none
  const assets = Object.fromEntries(
    Object.entries(module.default.assets ?? {}).map(([name, file]) => [name, new URL(file, url)]),
  )
  return { definition: module.default, workers, assets }
}
