import { readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { chunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'
import { dataFolder } from '../discovery/folders.js'
import { type RecordedPlugin, recordedPlugins } from '../discovery/installed.js'
import { loadConfig } from '../oclif/config.js'

/** Tarballs of plugins that did not come by name: npm wants them again whenever it rearranges the folder. */
export const tarballFolder = (): string => path.join(dataFolder(), 'tarballs')

/**
 * Runs a command of oclif's plugin manager, which keeps plugins and their record in the data folder.
 * @throws plugin-install-failed
 */
export async function runManager(command: string, args: readonly string[]): Promise<void> {
  // npm says on its own account that there is a newer npm
  process.env.npm_config_update_notifier ??= 'false'
  const config = await loadConfig()
  try {
    await config.runCommand(`plugins:${command}`, [...args])
  } catch (cause) {
    if (isChunkflowError(cause)) throw cause
    throw chunkflowError('plugin-install-failed', (cause as Error).message, {
      where: `plugins ${command}`,
      fix: 'what npm said stands above; CHUNKFLOW_NPM_LOG_LEVEL=verbose shows more',
      cause,
    })
  }
}

/** @throws plugin-not-found when no plugin of this name is installed or linked */
export function requireRecorded(name: string): RecordedPlugin {
  const recorded = recordedPlugins()
  const found = recorded.find((plugin) => plugin.name === name)
  if (found !== undefined) return found
  throw chunkflowError('plugin-not-found', `No plugin named ${name} is installed`, {
    fix:
      recorded.length === 0
        ? 'no plugins are installed'
        : `installed: ${recorded.map((plugin) => plugin.name).join(', ')}`,
  })
}

/** Changes the plugin manager's record, whole or not at all. */
export function record(change: (plugins: readonly RecordedPlugin[]) => readonly RecordedPlugin[]): void {
  const file = path.join(dataFolder(), 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { oclif: { plugins: readonly RecordedPlugin[] } }
  const oclif = { ...manifest.oclif, plugins: change(manifest.oclif.plugins) }
  writeFileSync(`${file}.part`, JSON.stringify({ ...manifest, oclif }, null, 2))
  renameSync(`${file}.part`, file)
}

/** Removes tarballs that no plugin needs, and the whole installation when no plugin is left. */
export function tidy(): void {
  const recorded = recordedPlugins()
  const needed = new Set(recorded.flatMap(({ url }) => (url === undefined ? [] : [path.basename(url)])))
  const tarballs = tarballFolder()
  for (const file of names(tarballs)) if (!needed.has(file)) rmSync(path.join(tarballs, file))
  removeIfEmpty(tarballs)
  if (recorded.length > 0) return
  for (const name of ['node_modules', 'package.json', 'package-lock.json'])
    rmSync(path.join(dataFolder(), name), { recursive: true, force: true })
  removeIfEmpty(dataFolder())
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function removeIfEmpty(folder: string): void {
  if (names(folder).length > 0) return
  try {
    rmdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
