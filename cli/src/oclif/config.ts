import { fileURLToPath } from 'node:url'
import { Config } from '@oclif/core'

/**
 * oclif's configuration of this package. Loaded only by the commands that need it. oclif need not look into installed plugins:
 * they have no oclif commands, and a damaged one must not get in the way of repairing it.
 */
export function loadConfig(): Promise<Config> {
  // where no shell is named oclif looks for the user's, and fails under a number that no user has
  process.env.SHELL ??= ''
  return Config.load({
    root: fileURLToPath(new URL(packageRoot(import.meta.url), import.meta.url)),
    userPlugins: false,
    devPlugins: false,
  })
}

/** This module is bundled into `dist/` or `dist/chunks/`, and stands in `src/oclif/` otherwise. */
function packageRoot(url: string): string {
  const folder = new URL('.', url).pathname
  return folder.endsWith('/chunks/') || folder.endsWith('/src/oclif/') ? '../..' : '..'
}
