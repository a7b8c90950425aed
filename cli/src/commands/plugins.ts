import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { chunkflowError, suggest } from '@chunkflow/kernel/authoring'
import type { Registry } from '@chunkflow/kernel/host'
import { openRegistry } from '../discovery/registry.js'
import { loadConfig } from '../oclif/config.js'

const SUBCOMMANDS = ['install', 'link', 'new', 'uninstall', 'update'] as const

/** `chunkflow plugins [--json]`, `new`, and `install`, `link`, `uninstall`, `update` through oclif's plugin manager. */
export async function plugins(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  if (first === undefined || first === '--json') {
    const registry = await openRegistry()
    process.stdout.write(
      `${first === '--json' ? JSON.stringify(listPlugins(registry), null, 2) : describePlugins(registry)}\n`,
    )
    return 0
  }
  if (first === 'new') return (await import('./new-plugin.js')).newPlugin(rest)
  if (!(SUBCOMMANDS as readonly string[]).includes(first)) {
    const near = suggest(first, SUBCOMMANDS)
    throw chunkflowError('operator-unknown', `No such command 'plugins ${first}'.`, {
      fix:
        near.length > 0 ? `did you mean ${near.join(' or ')}?` : `plugins ${SUBCOMMANDS.join(', plugins ')}`,
    })
  }
  if (first !== 'update' && rest.every((word) => word.startsWith('-')))
    throw chunkflowError(
      'flag-missing',
      `Which plugin shall be ${first === 'link' ? 'linked' : `${first}ed`}?`,
      {
        where: `plugins ${first}`,
        fix: `chunkflow plugins ${first} ${first === 'link' ? 'path/to/plugin' : 'name'}`,
      },
    )
  const before = new Set((await openRegistry()).plugins.map(({ slice }) => slice.package))
  const config = await loadConfig()
  await config.runCommand(`plugins:${first}`, first === 'install' ? rest.map(asUrl) : [...rest])
  if (first === 'install' || first === 'link') return reportNew(before, await openRegistry())
  return 0
}

/** npm takes a bare path for a GitHub address: folders and tarballs become absolute file URLs. */
function asUrl(word: string): string {
  if (word.startsWith('-') || /^[a-z+]+:/.test(word)) return word
  return existsSync(word) && (/[./\\]/.test(word) || path.isAbsolute(word))
    ? pathToFileURL(path.resolve(word)).href
    : word
}

function reportNew(before: ReadonlySet<string>, registry: Registry): number {
  for (const { source, reason } of registry.quarantined)
    process.stderr.write(`warning: ${source.slice.package} is installed but cannot be used: ${reason}\n`)
  for (const { slice } of registry.plugins)
    if (!before.has(slice.package))
      process.stdout.write(
        `${slice.package} ${slice.version}: ${slice.operators.map(({ name }) => name).join(', ') || 'no operators'}\n`,
      )
  return registry.quarantined.length > 0 ? 1 : 0
}

function listPlugins(registry: Registry): unknown[] {
  return [
    ...registry.plugins.map(({ slice, origin }) => ({ ...summary(slice), origin, usable: true })),
    ...registry.quarantined.map(({ source, reason }) => ({
      ...summary(source.slice),
      origin: source.origin,
      usable: false,
      reason,
    })),
  ]
}

const summary = (slice: Registry['plugins'][number]['slice']) => ({
  package: slice.package,
  version: slice.version,
  apiVersion: slice.apiVersion,
  operators: slice.operators.map(({ name }) => name),
  services: slice.services.map(({ token, key }) => (key === undefined ? token : `${token}/${key}`)),
  hooks: slice.hooks.map(({ name }) => name),
  permissions: slice.permissions,
})

function describePlugins(registry: Registry): string {
  const lines = registry.plugins.map(({ slice, origin }) => {
    const parts = [
      slice.operators.map(({ name }) => name).join(', '),
      slice.services.map(({ token, key }) => (key === undefined ? token : `${token}/${key}`)).join(', '),
      slice.hooks.map(({ name }) => `hook ${name}`).join(', '),
    ]
    return `${slice.package} ${slice.version} (${origin})\n    ${parts.filter((part) => part !== '').join('\n    ')}`
  })
  const bad = registry.quarantined.map(
    ({ source, reason }) =>
      `${source.slice.package} ${source.slice.version} (${source.origin}, not usable)\n    ${reason}`,
  )
  return [...lines, ...bad].join('\n')
}
