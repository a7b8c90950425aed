import { chunkflowError } from '@chunkflow/kernel/authoring'
import type { RegistryEntry } from '@chunkflow/sdk/registry'
import { absolutePlace, readConfiguration } from '../configuration/configuration.js'
import { type Catalogue, readCatalogues } from '../discovery/catalogues.js'
import { openRegistry } from '../discovery/registry.js'
import { readArguments } from './arguments.js'

/** A plugin that is here or that a registry lists. */
interface Listed {
  readonly entry: RegistryEntry
  /** `first-party`, `installed`, `linked`, or `available`. */
  readonly state: string
  /** The registry that lists it; undefined for what is here. */
  readonly place: string | undefined
}

/** `chunkflow registry search [words]` and `registry show <package or operator>`, over what is here and further registries. */
export async function registry(argv: readonly string[]): Promise<number> {
  const [verb, ...rest] = argv
  const { values, positionals } = readArguments(`registry ${verb ?? ''}`.trim(), rest, {
    json: { type: 'boolean', default: false },
    registry: { type: 'string', multiple: true, default: [] as string[] },
  })
  const [name] = positionals
  if (verb !== 'search' && (verb !== 'show' || name === undefined))
    throw chunkflowError('flag-missing', 'What shall the registry do?', {
      where: 'registry',
      fix: 'chunkflow registry search words, or chunkflow registry show package-or-operator',
    })
  const { registries } = await readConfiguration()
  const places = [...values.registry.map((place) => absolutePlace(place, process.cwd())), ...registries]
  const listed = await listAll(await readCatalogues([...new Set(places)]))
  return verb === 'search' ? search(listed, positionals, values.json) : show(listed, name!, values.json)
}

async function listAll(catalogues: readonly Catalogue[]): Promise<readonly Listed[]> {
  const here = (await openRegistry()).plugins.map(
    ({ slice, origin }): Listed => ({ entry: slice, state: origin, place: undefined }),
  )
  const versions = new Set(here.map(({ entry }) => `${entry.package}@${entry.version}`))
  const further = catalogues.flatMap(({ place, entries }) =>
    entries
      .filter((entry) => !versions.has(`${entry.package}@${entry.version}`))
      .map((entry): Listed => ({ entry, state: 'available', place })),
  )
  return [...here, ...further]
}

function search(listed: readonly Listed[], words: readonly string[], json: boolean): number {
  const wanted = words.map((word) => word.toLowerCase())
  const matches = (parts: readonly string[]): boolean => {
    const text = parts.join(' ').toLowerCase()
    return wanted.every((word) => text.includes(word))
  }
  const found = listed.flatMap(({ entry, state, place }) => {
    const offers = [
      ...entry.operators.map(({ name, aliases, summary }) => ({ name, aliases, summary })),
      // plugins without operators are found by what they provide
      ...(entry.operators.length > 0
        ? []
        : entry.services.map(({ token, key }) => ({
            name: key === undefined ? token : `${token}/${key}`,
            aliases: [],
            summary: entry.description,
          }))),
    ]
    return offers
      .filter(({ name, aliases, summary }) =>
        matches([name, ...aliases, summary, entry.package, entry.description]),
      )
      .map(({ name, summary }) => ({
        name,
        summary,
        package: entry.package,
        version: entry.version,
        state,
        place,
      }))
  })
  if (json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else
    for (const { name, summary, package: owner, version, state } of found)
      process.stdout.write(
        `${name.padEnd(30)} ${owner.padEnd(34)} ${summary}${state === 'available' ? ` (available: ${version})` : ''}\n`,
      )
  if (found.length === 0) process.stderr.write(`nothing matches ${words.join(' ')}\n`)
  return found.length > 0 ? 0 : 1
}

function show(listed: readonly Listed[], name: string, json: boolean): number {
  const byPackage = listed.filter(
    ({ entry }) => entry.package === name || entry.package === `@chunkflow/plugin-${name}`,
  )
  const found =
    byPackage.length > 0
      ? byPackage
      : listed.filter(({ entry }) =>
          entry.operators.some((operator) => operator.name === name || operator.aliases.includes(name)),
        )
  if (found.length === 0)
    throw chunkflowError('plugin-not-found', `No plugin or operator named "${name}" is known`, {
      where: 'registry show',
      fix: 'chunkflow registry search lists what there is; --registry names further registries',
    })
  process.stdout.write(
    json
      ? `${JSON.stringify(
          found.map(({ entry, state, place }) => ({ ...entry, state, registry: place ?? null })),
          null,
          2,
        )}\n`
      : `${found.map(describe).join('\n\n')}\n`,
  )
  return 0
}

function describe({ entry, state, place }: Listed): string {
  return [
    `${entry.package} ${entry.version} (${state}, plugin API ${entry.apiVersion})`,
    entry.description,
    ...entry.operators.map(
      ({ name, summary, aliases }) =>
        `  ${name}${aliases.length > 0 ? ` (also ${aliases.join(', ')})` : ''}: ${summary}`,
    ),
    ...entry.services.map(({ token, key }) => `  provides ${token}${key === undefined ? '' : ` for ${key}`}`),
    ...entry.hooks.map(({ name, summary }) => `  hook ${name}: ${summary}`),
    `  declares ${entry.permissions.length > 0 ? entry.permissions.join(', ') : 'no special permissions'}; declarations inform, nothing is sandboxed`,
    ...(place === undefined
      ? []
      : [
          `  listed by ${place}${entry.integrity === undefined ? ', without a hash' : `, ${entry.integrity}`}`,
          `  chunkflow plugins install ${entry.package}@${entry.version}`,
        ]),
  ].join('\n')
}
