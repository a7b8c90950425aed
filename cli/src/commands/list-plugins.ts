import type { PluginSource, QuarantinedPlugin } from '@chunkflow/kernel/host'
import { openRegistry } from '../discovery/registry.js'
import { checkLoading } from '../install/load-check.js'
import { readArguments } from './arguments.js'

/** `chunkflow plugins [--json]`: all plugins, those of others loaded to see whether they can be. */
export async function listPlugins(argv: readonly string[]): Promise<number> {
  const { values } = readArguments('plugins', argv, { json: { type: 'boolean', default: false } })
  const { usable, quarantined } = await sortPlugins()
  const text = values.json
    ? JSON.stringify(
        [
          ...usable.map((source) => ({ ...summary(source), usable: true })),
          ...quarantined.map(({ source, reason }) => ({ ...summary(source), usable: false, reason })),
        ],
        null,
        2,
      )
    : [...usable.map(describe), ...quarantined.map(describeQuarantined)].join('\n')
  process.stdout.write(`${text}\n`)
  return 0
}

/** Plugins that work and those that do not; only loading shows what throws. */
export async function sortPlugins(): Promise<{
  readonly usable: readonly PluginSource[]
  readonly quarantined: readonly QuarantinedPlugin[]
}> {
  const registry = await openRegistry()
  const foreign = registry.plugins.filter(({ origin }) => origin !== 'first-party')
  const reasons = await checkLoading(foreign)
  const faults = new Map(foreign.map((source, index) => [source, reasons[index]]))
  return {
    usable: registry.plugins.filter((source) => faults.get(source) === undefined),
    quarantined: [
      ...registry.quarantined,
      ...foreign.flatMap((source) => {
        const reason = faults.get(source)
        return reason === undefined ? [] : [{ source, reason }]
      }),
    ],
  }
}

const serviceNames = ({ slice }: PluginSource): string[] =>
  slice.services.map(({ token, key }) => (key === undefined ? token : `${token}/${key}`))

const summary = (source: PluginSource) => ({
  package: source.slice.package,
  version: source.slice.version,
  apiVersion: Number.isNaN(source.slice.apiVersion) ? null : source.slice.apiVersion,
  origin: source.origin,
  operators: source.slice.operators.map(({ name }) => name),
  services: serviceNames(source),
  hooks: source.slice.hooks.map(({ name }) => name),
  permissions: source.slice.permissions,
})

function describe(source: PluginSource): string {
  const { slice, origin } = source
  const rows: readonly (readonly [string, string])[] = [
    ['operators', slice.operators.map(({ name }) => name).join(', ')],
    ['services', serviceNames(source).join(', ')],
    ['hooks', slice.hooks.map(({ name }) => name).join(', ')],
  ]
  return [
    `${slice.package} ${slice.version} (${origin})`,
    ...rows.filter(([, text]) => text !== '').map(([head, text]) => `    ${head.padEnd(10)} ${text}`),
  ].join('\n')
}

const describeQuarantined = ({ source, reason }: QuarantinedPlugin): string =>
  `${source.slice.package} ${source.slice.version} (${source.origin}, cannot be used)\n    ${reason}`
