import { access, constants } from 'node:fs/promises'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { readConfiguration } from '../configuration/configuration.js'
import { redactAddresses } from '../console/redact.js'
import { dataFolder } from '../discovery/folders.js'
import { openRegistry } from '../discovery/registry.js'
import { readArguments } from './arguments.js'
import { type Check, checkPlace } from './doctor-place.js'
import { sortPlugins } from './list-plugins.js'

/**
 * `chunkflow doctor`: looks for what commonly goes wrong in this installation. `chunkflow doctor PLACE… [--write]`: which
 * credential is used for these places and what it may do. Exit code 1 when something failed.
 */
export async function doctor(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments('doctor', argv, { write: { type: 'boolean' } })
  const checks: Check[] = []
  for (const place of positionals) checks.push(...(await checkPlace(place, { write: values.write ?? false })))
  if (positionals.length === 0) checks.push(...(await installation()))
  for (const [state, text] of checks) process.stdout.write(`${state.padEnd(5)} ${redactAddresses(text)}\n`)
  return checks.some(([state]) => state === 'fail') ? 1 : 0
}

async function installation(): Promise<Check[]> {
  return [
    nodeVersion(),
    memory(),
    ...(await plugins()),
    await dataFolderWritable(),
    ...(await configuration()),
  ]
}

function nodeVersion(): Check {
  const major = Number(process.versions.node.split('.')[0])
  return [
    major >= 20 ? 'ok' : 'fail',
    `Node ${process.versions.node} on ${process.platform} ${process.arch}${major >= 20 ? '' : ': version 20 or newer is needed'}`,
  ]
}

function memory(): Check {
  const gib = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1)
  return [
    freemem() > 2 * 1024 ** 3 ? 'ok' : 'warn',
    `${availableParallelism()} cores, ${gib(freemem())} of ${gib(totalmem())} GiB of memory free`,
  ]
}

/** Loads every plugin with its operators: a missing native library shows here. Those of others, in a process of their own. */
async function plugins(): Promise<Check[]> {
  const registry = await openRegistry()
  const { usable, quarantined } = await sortPlugins()
  const checks: Check[] = quarantined.map(
    ({ source, reason }) => ['fail', `${source.slice.package} ${source.slice.version}: ${reason}`] as const,
  )
  for (const source of usable) {
    const { slice, origin } = source
    const name = `${slice.package} ${slice.version} (${origin})`
    try {
      if (origin === 'first-party') {
        const { definition } = await registry.loadPlugin(source)
        for (const load of Object.values(definition.operators)) await load()
      }
      const count = slice.operators.length + slice.services.length + slice.hooks.length
      checks.push(['ok', `${name}: ${count} contribution${count === 1 ? '' : 's'}`])
    } catch (error) {
      checks.push(['fail', `${name}: ${isChunkflowError(error) ? error.what : (error as Error).message}`])
    }
  }
  return checks
}

/** Files, and registries when they are reachable: they may be out of reach for good reasons. */
async function configuration(): Promise<Check[]> {
  try {
    const { files, registries } = await readConfiguration()
    const { readCatalogues } = await import('../discovery/catalogues.js')
    return [
      ...files.map((file): Check => ['ok', `configuration ${file}`]),
      ...(await Promise.all(
        registries.map(async (place): Promise<Check> => {
          try {
            const [catalogue] = await readCatalogues([place])
            return ['ok', `registry ${catalogue!.place}: ${catalogue!.entries.length} plugins`]
          } catch (error) {
            if (!isChunkflowError(error)) throw error
            return ['warn', `registry ${error.where.join(', ')}: ${error.what}`]
          }
        }),
      )),
    ]
  } catch (error) {
    if (!isChunkflowError(error)) throw error
    return [['fail', `${error.what}, ${error.where.join(', ')}`]]
  }
}

async function dataFolderWritable(): Promise<Check> {
  const folder = dataFolder()
  try {
    await access(folder, constants.W_OK)
    return ['ok', `plugins are installed in ${folder}`]
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? ['ok', `no plugins installed yet (${folder})`]
      : ['warn', `${folder} is not writable: plugins cannot be installed`]
  }
}
