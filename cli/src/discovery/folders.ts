import { homedir } from 'node:os'
import path from 'node:path'

/** Where installed plugins live: `CHUNKFLOW_DATA_DIR`, else the XDG data folder. The plugin manager looks there too. */
export const dataFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  folder(environment, 'CHUNKFLOW_DATA_DIR', 'XDG_DATA_HOME', ['.local', 'share'])

/** Where the user's configuration lies: `CHUNKFLOW_CONFIG_DIR`, else the XDG configuration folder. */
export const configurationFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  folder(environment, 'CHUNKFLOW_CONFIG_DIR', 'XDG_CONFIG_HOME', ['.config'])

/** An empty variable counts as unset, as the XDG specification has it. */
function folder(
  environment: NodeJS.ProcessEnv,
  own: string,
  shared: string,
  fallback: readonly string[],
): string {
  if (environment[own]) return path.resolve(environment[own])
  const base =
    environment[shared] ||
    (process.platform === 'win32' && environment.LOCALAPPDATA) ||
    path.join(environment.HOME || homedir(), ...fallback)
  return path.join(base, 'chunkflow')
}
