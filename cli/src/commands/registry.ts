import { chunkflowError } from '@chunkflow/kernel/authoring'
import type { FoundOperator, PluginSource } from '@chunkflow/kernel/host'
import { openRegistry } from '../discovery/registry.js'

/** `chunkflow registry search [words]` and `registry show <package or operator>`. */
export async function registry(argv: readonly string[]): Promise<number> {
  const [verb, ...words] = argv
  if (verb === 'search') return search(words)
  if (verb === 'show' && words[0] !== undefined) return show(words[0])
  throw chunkflowError('flag-missing', 'What shall the registry do?', {
    where: 'registry',
    fix: 'chunkflow registry search words, or chunkflow registry show package-or-operator',
  })
}

async function search(words: readonly string[]): Promise<number> {
  const wanted = words.map((word) => word.toLowerCase())
  const matches = ({ entry, source }: FoundOperator): boolean => {
    const text = [entry.name, ...entry.aliases, entry.summary, source.slice.package, source.slice.description]
      .join(' ')
      .toLowerCase()
    return wanted.every((word) => text.includes(word))
  }
  const found = (await openRegistry()).operators().filter(matches)
  for (const { entry, source } of found)
    process.stdout.write(`${entry.name.padEnd(30)} ${source.slice.package.padEnd(34)} ${entry.summary}\n`)
  if (found.length === 0) process.stderr.write(`no operator matches ${words.join(' ')}\n`)
  return found.length > 0 ? 0 : 1
}

async function show(name: string): Promise<number> {
  const known = await openRegistry()
  const source =
    known.plugins.find(
      ({ slice }) => slice.package === name || slice.package === `@chunkflow/plugin-${name}`,
    ) ?? known.find(name).source
  process.stdout.write(`${describe(source)}\n`)
  return 0
}

function describe({ slice, origin }: PluginSource): string {
  return [
    `${slice.package} ${slice.version} (${origin}, plugin API ${slice.apiVersion})`,
    slice.description,
    ...slice.operators.map(
      ({ name, summary, aliases }) =>
        `  ${name}${aliases.length > 0 ? ` (also ${aliases.join(', ')})` : ''}: ${summary}`,
    ),
    ...slice.services.map(({ token, key }) => `  provides ${token}${key === undefined ? '' : ` for ${key}`}`),
    ...slice.hooks.map(({ name, summary }) => `  hook ${name}: ${summary}`),
    `  declares ${slice.permissions.length > 0 ? slice.permissions.join(', ') : 'no special permissions'}; declarations inform, nothing is sandboxed`,
  ].join('\n')
}
