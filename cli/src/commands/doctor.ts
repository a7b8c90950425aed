import { access, constants } from 'node:fs/promises'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { dataFolder } from '../discovery/installed.js'
import { openRegistry } from '../discovery/registry.js'

type Check = readonly ['ok' | 'warn' | 'fail', string]

/** `chunkflow doctor`: looks for what commonly goes wrong; exit code 1 when something failed. */
export async function doctor(): Promise<number> {
  const checks: Check[] = [nodeVersion(), memory(), ...(await plugins()), await dataFolderWritable()]
  for (const [state, text] of checks) process.stdout.write(`${state.padEnd(5)} ${text}\n`)
  return checks.some(([state]) => state === 'fail') ? 1 : 0
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

/** Imports every plugin: a missing native library shows here. */
async function plugins(): Promise<Check[]> {
  const registry = await openRegistry()
  const checks: Check[] = registry.quarantined.map(
    ({ source, reason }) => ['fail', `${source.slice.package} ${source.slice.version}: ${reason}`] as const,
  )
  for (const source of registry.plugins) {
    const { slice, origin } = source
    const name = `${slice.package} ${slice.version} (${origin})`
    try {
      const { definition } = await registry.loadPlugin(source)
      for (const load of Object.values(definition.operators)) await load()
      const count = slice.operators.length + slice.services.length + slice.hooks.length
      checks.push(['ok', `${name}: ${count} contribution${count === 1 ? '' : 's'}`])
    } catch (error) {
      checks.push(['fail', `${name}: ${isChunkflowError(error) ? error.what : (error as Error).message}`])
    }
  }
  return checks
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
