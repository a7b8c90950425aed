import { type ChunkflowError, chunkflowError, type Logger, suggest } from '@chunkflow/kernel/authoring'
import type { Registry } from '@chunkflow/kernel/host'
import type { GlobalOptions } from '../chain/globals.js'
import type { Configuration } from '../configuration/configuration.js'

/**
 * Hooks named by `--hook` and by the configuration. A configured one that is missing costs itself, not every chain.
 * @throws hook-unknown for `--hook`, before anything runs
 */
export function enabledHooks(
  registry: Registry,
  { hook = [] }: Pick<GlobalOptions, 'hook'>,
  { hooks }: Pick<Configuration, 'hooks'>,
  logger: Pick<Logger, 'warn'>,
): readonly string[] {
  for (const name of hook) {
    const error = missingHook(registry, name)
    if (error !== undefined) throw error
  }
  const present = hooks.filter((name) => {
    const error = missingHook(registry, name)
    if (error !== undefined) logger.warn(`${error.what}; the configuration enables it`)
    return error === undefined
  })
  return [...new Set([...hook, ...present])]
}

function missingHook(registry: Registry, name: string): ChunkflowError | undefined {
  const known = registry.plugins.flatMap(({ slice }) => slice.hooks.map((hook) => hook.name))
  if (known.includes(name)) return undefined
  const bad = registry.quarantined.find(({ source }) => source.slice.hooks.some((hook) => hook.name === name))
  const near = suggest(name, known)
  return chunkflowError(
    'hook-unknown',
    bad === undefined
      ? `No installed plugin has a hook named "${name}"`
      : `Hook "${name}" is in ${bad.source.slice.package}, which cannot be used: ${bad.reason}`,
    {
      where: '--hook',
      fix:
        near.length > 0
          ? `did you mean ${near.join(' or ')}?`
          : `hooks there are: ${known.join(', ') || 'none'}`,
    },
  )
}
