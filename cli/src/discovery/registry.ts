import { createRegistry, type Registry } from '@chunkflow/kernel/host'
import { HOST_COMMANDS } from '../commands/names.js'
import { firstPartyPlugins } from './first-party.js'
import { installedPlugins } from './installed.js'

/** Everything that can be named on a command line, from JSON files only. */
export async function openRegistry(): Promise<Registry> {
  return createRegistry([...firstPartyPlugins(), ...installedPlugins()], HOST_COMMANDS)
}
