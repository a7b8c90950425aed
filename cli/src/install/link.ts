import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import { dataFolder } from '../discovery/folders.js'
import { homeOf, recordedPlugins, SLICE_FILE } from '../discovery/installed.js'
import { whileAlone } from './lock.js'
import { npmJson } from './npm.js'
import { requireRecorded, runManager, tidy } from './plugin-manager.js'

/**
 * Uses a plugin where it lies, for its author: nothing is copied, and what is built there counts at once.
 * @returns the package's name
 * @throws plugin-not-found, plugin-invalid
 */
export async function linkPlugin(word: string): Promise<string> {
  const folder = path.resolve(word)
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => undefined)
  if (text === undefined)
    throw chunkflowError('plugin-not-found', `There is no package in ${folder}`, {
      fix: 'name the folder of a plugin',
    })
  const { name, oclif } = JSON.parse(text) as { name?: string; oclif?: unknown }
  if (name === undefined || typeof oclif !== 'object')
    throw chunkflowError('plugin-invalid', `${folder} is not marked as a plugin`, {
      fix: 'its package.json needs a name and the line "oclif": {}',
    })
  if (!existsSync(path.join(folder, SLICE_FILE)))
    throw chunkflowError('plugin-invalid', `${name} is not built: there is no ${SLICE_FILE}`, {
      where: folder,
      fix: 'npm run build',
    })
  if (recordedPlugins().some((plugin) => plugin.name === name && plugin.type === 'user'))
    throw chunkflowError('plugin-refused', `${name} is installed`, {
      fix: `chunkflow plugins uninstall ${name}, then link the folder`,
    })
  await whileAlone(async () => {
    try {
      await runManager('link', [folder, '--no-install'])
    } finally {
      tidy()
    }
  })
  return name
}

/** Removes an installed or linked plugin, with everything that nothing else needs. @throws plugin-not-found */
export const uninstallPlugin = (name: string): Promise<void> => whileAlone(() => uninstall(name))

async function uninstall(name: string): Promise<void> {
  const recorded = requireRecorded(name)
  await runManager('uninstall', [name])
  // where npm fails, the manager only warns and forgets the plugin
  if (recorded.type === 'user' && existsSync(homeOf(recorded)))
    await npmJson(['prune', '--omit=dev'], name, dataFolder())
  tidy()
}
