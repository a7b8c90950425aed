import { API_VERSION, chunkflowError, type PluginSlice } from '@chunkflow/kernel/authoring'
import { createRegistry } from '@chunkflow/kernel/host'
import { HOST_COMMANDS } from '../commands/names.js'
import type { Catalogue } from '../discovery/catalogues.js'
import { firstPartyPlugins } from '../discovery/first-party.js'
import { installedPlugins } from '../discovery/installed.js'
import type { Candidate } from './candidate.js'

/**
 * Refuses a plugin that would be quarantined as soon as it was installed.
 * @throws plugin-refused
 */
export function requireFit(slice: PluginSlice): void {
  const others = [...firstPartyPlugins(), ...installedPlugins()].filter(
    ({ slice: other, origin }) => other.package !== slice.package || origin === 'first-party',
  )
  if (others.some(({ slice: other }) => other.package === slice.package))
    throw chunkflowError('plugin-refused', `${slice.package} comes with this command`, {
      fix: 'there is nothing to install',
    })
  const source = { slice, origin: 'installed', entry: () => '' } as const
  const { quarantined } = createRegistry([...others, source], HOST_COMMANDS)
  const refused = quarantined.find((candidate) => candidate.source === source)
  if (refused === undefined) return
  throw chunkflowError(
    'plugin-refused',
    `${slice.package} ${slice.version} cannot be used: ${refused.reason}`,
    {
      fix:
        slice.apiVersion > API_VERSION
          ? 'nothing was changed; update chunkflow, or install an older version of the plugin'
          : slice.apiVersion < API_VERSION - 1
            ? 'nothing was changed; install a newer version of the plugin'
            : 'nothing was changed; uninstall the other plugin first, or do without this one',
    },
  )
}

/**
 * Compares a tarball with the catalogues that vouch for this version.
 * @returns the catalogues that do
 * @throws plugin-integrity
 */
export function requireIntegrity(
  { slice, integrity }: Pick<Candidate, 'slice' | 'integrity'>,
  catalogues: readonly Catalogue[],
): readonly string[] {
  const vouching = catalogues.flatMap(({ place, entries }) =>
    entries
      .filter((entry) => entry.package === slice.package && entry.version === slice.version)
      .flatMap((entry) => (entry.integrity === undefined ? [] : [{ place, wanted: entry.integrity }])),
  )
  for (const { place, wanted } of vouching)
    if (wanted !== integrity)
      throw chunkflowError(
        'plugin-integrity',
        `The tarball of ${slice.package} ${slice.version} is not the one that the registry lists: its hash is ${integrity}, not ${wanted}`,
        {
          where: place,
          fix: 'nothing was installed; do not trust this tarball until its author explains it',
        },
      )
  return vouching.map(({ place }) => place)
}
