import { chunkflowError, formatChunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'
import { type Catalogue, readCatalogues } from '../discovery/catalogues.js'
import { installedPlugins, type RecordedPlugin, recordedPlugins } from '../discovery/installed.js'
import { fetchCandidate } from './candidate.js'
import {
  admit,
  type InstallSettings,
  npmInstall,
  requireSameBytes,
  say,
  withTemporaryFolder,
} from './install.js'
import { whileAlone } from './lock.js'
import { requireRecorded, tidy } from './plugin-manager.js'

/**
 * Updates plugins that came by name, all of them without names. A person is asked again when the newer version declares more;
 * an older version stays when the newer one does not fit.
 * @returns false when a plugin could not be updated
 */
export async function updatePlugins(names: readonly string[], settings: InstallSettings): Promise<boolean> {
  const wanted = names.length === 0 ? recordedPlugins() : names.map(requireRecorded)
  if (wanted.length === 0) say('no plugins are installed')
  const catalogues = await readCatalogues(settings.registries)
  let complete = true
  for (const plugin of wanted) {
    try {
      process.stdout.write(`${await updatePlugin(plugin, catalogues, settings)}\n`)
    } catch (error) {
      if (!isChunkflowError(error)) throw error
      complete = false
      say(`${plugin.name} stays as it is: ${formatChunkflowError(error)}`)
    }
  }
  await whileAlone(async () => tidy(), { say })
  return complete
}

async function updatePlugin(
  plugin: RecordedPlugin,
  catalogues: readonly Catalogue[],
  settings: InstallSettings,
): Promise<string> {
  const { name, tag, type } = plugin
  if (type === 'link') return `${name}: linked, always as its folder is`
  if (tag === undefined) return `${name}: came from a file; install the newer file`
  const before = installedPlugins().find(({ slice }) => slice.package === name)?.slice
  if (/^\d+\.\d+\.\d+/.test(tag))
    return `${name} ${tag}: pinned to this version; chunkflow plugins install ${name} moves it`
  return withTemporaryFolder(async (temporary) => {
    say(`looking for a newer ${name} …`)
    const candidate = await fetchCandidate(`${name}@${tag}`, temporary)
    const { version, permissions } = candidate.slice
    if (version === before?.version) return `${name} ${version}: up to date`
    const more = permissions.filter((permission) => !before?.permissions.includes(permission))
    const yes = settings.yes || more.length === 0
    if (!(await admit(candidate, catalogues, { yes }, `It declares more: ${more.join(', ')}. Update it?`)))
      throw chunkflowError('plugin-consent-missing', 'the update was declined')
    await whileAlone(
      async () => {
        await npmInstall(`${name}@${tag}`)
        await requireSameBytes(candidate)
      },
      { say },
    )
    return `${name} ${before?.version ?? 'damaged'} → ${version}`
  })
}
