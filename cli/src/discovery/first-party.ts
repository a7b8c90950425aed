import { readFileSync } from 'node:fs'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import type { PluginSource } from '@chunkflow/kernel/host'

/** The plugins this command comes with. Reads one JSON file beside the bundle; from source, the repository's. */
export function firstPartyPlugins(): PluginSource[] {
  const built = import.meta.url.endsWith('.js') && !import.meta.url.includes('/src/')
  const file = new URL(built ? registryBeside(import.meta.url) : '../../../registry.json', import.meta.url)
  const { plugins } = JSON.parse(readFileSync(file, 'utf8')) as { plugins: PluginSlice[] }
  return plugins.map((slice) => ({
    slice,
    origin: 'first-party',
    entry: () => import.meta.resolve(slice.package),
  }))
}

/** Bundled code may lie in `dist/` or `dist/chunks/`. */
const registryBeside = (url: string): string =>
  new URL('.', url).pathname.endsWith('/chunks/') ? '../registry.json' : './registry.json'
