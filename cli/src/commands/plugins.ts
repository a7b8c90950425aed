import { chunkflowError, suggest } from '@chunkflow/kernel/authoring'
import type { PluginSource, Registry } from '@chunkflow/kernel/host'
import { absolutePlace, readConfiguration } from '../configuration/configuration.js'
import { openRegistry } from '../discovery/registry.js'
import { readArguments } from './arguments.js'
import { listPlugins } from './list-plugins.js'

const SUBCOMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = Object.freeze({
  install,
  link,
  list: listPlugins,
  new: async (argv) => (await import('./new-plugin.js')).newPlugin(argv),
  uninstall,
  update,
})

/** `chunkflow plugins [--json]`, and `install`, `link`, `uninstall`, `update`, `new`. */
export async function plugins(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  if (first === undefined || first.startsWith('-')) return listPlugins(argv)
  const command = Object.hasOwn(SUBCOMMANDS, first) ? SUBCOMMANDS[first] : undefined
  if (command !== undefined) return command(rest)
  const names = Object.keys(SUBCOMMANDS)
  const near = suggest(first, names)
  throw chunkflowError('operator-unknown', `No such command 'plugins ${first}'.`, {
    fix: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `plugins ${names.join(', plugins ')}`,
  })
}

const TRUST = {
  yes: { type: 'boolean' as const, short: 'y', default: false },
  registry: { type: 'string' as const, multiple: true as const, default: [] as string[] },
}

/** Registries of the command line, then those of the configuration. */
async function registriesOf(given: readonly string[]): Promise<readonly string[]> {
  const { registries } = await readConfiguration()
  return [...new Set([...given.map((place) => absolutePlace(place, process.cwd())), ...registries])]
}

async function install(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments('plugins install', argv, {
    ...TRUST,
    operator: { type: 'string', multiple: true, default: [] as string[] },
  })
  if (positionals.length + values.operator.length === 0) throw nothingNamed('install', 'installed')
  const settings = { yes: values.yes, registries: await registriesOf(values.registry) }
  const { findPackageOf, installPlugin } = await import('../install/install.js')
  const words = [...positionals]
  for (const operator of values.operator) words.push(await findPackageOf(operator, settings.registries))
  let complete = true
  for (const word of words) {
    const name = await installPlugin(word, settings)
    if (name === undefined) process.stderr.write('nothing was installed\n')
    complete = name !== undefined && (await report(name)) && complete
  }
  return complete ? 0 : 1
}

async function link(argv: readonly string[]): Promise<number> {
  const { positionals } = readArguments('plugins link', argv, {})
  if (positionals.length === 0) throw nothingNamed('link', 'linked', 'path/to/plugin')
  const { linkPlugin } = await import('../install/link.js')
  let complete = true
  for (const folder of positionals) complete = (await report(await linkPlugin(folder))) && complete
  return complete ? 0 : 1
}

async function uninstall(argv: readonly string[]): Promise<number> {
  const { positionals } = readArguments('plugins uninstall', argv, {})
  if (positionals.length === 0) throw nothingNamed('uninstall', 'uninstalled')
  const { uninstallPlugin } = await import('../install/link.js')
  for (const name of positionals) {
    await uninstallPlugin(name)
    process.stdout.write(`${name}: uninstalled\n`)
  }
  return 0
}

async function update(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments('plugins update', argv, TRUST)
  const { updatePlugins } = await import('../install/update.js')
  const settings = { yes: values.yes, registries: await registriesOf(values.registry) }
  return (await updatePlugins(positionals, settings)) ? 0 : 1
}

const nothingNamed = (command: string, done: string, example = 'name'): Error =>
  chunkflowError('flag-missing', `Which plugin shall be ${done}?`, {
    where: `plugins ${command}`,
    fix: `chunkflow plugins ${command} ${example}`,
  })

/** Says what a plugin brought, or why it cannot be used. @returns whether it can */
async function report(name: string): Promise<boolean> {
  const registry = await openRegistry()
  const source = registry.plugins.find(({ slice }) => slice.package === name)
  const reason = source === undefined ? quarantineOf(registry, name) : await loadFault(source)
  if (source === undefined || reason !== undefined) {
    process.stderr.write(`warning: ${name} is installed but cannot be used: ${reason}\n`)
    return false
  }
  const { slice } = source
  const offers = [
    ...slice.operators.map((operator) => operator.name),
    ...slice.services.map(({ token, key }) => (key === undefined ? token : `${token}/${key}`)),
    ...slice.hooks.map((hook) => `hook ${hook.name}`),
  ]
  process.stdout.write(`${slice.package} ${slice.version}: ${offers.join(', ') || 'nothing'}\n`)
  return true
}

const quarantineOf = ({ quarantined }: Registry, name: string): string =>
  quarantined.find(({ source }) => source.slice.package === name)?.reason ?? 'it is not in the record'

const loadFault = async (source: PluginSource): Promise<string | undefined> =>
  (await (await import('../install/load-check.js')).checkLoading([source]))[0]
