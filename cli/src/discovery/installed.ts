import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import type { PluginSource } from '@chunkflow/kernel/host'

/** Where installed plugins live: `CHUNKFLOW_DATA_DIR`, else the XDG data folder. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment.CHUNKFLOW_DATA_DIR ??
    path.join(environment.XDG_DATA_HOME ?? path.join(homedir(), '.local', 'share'), 'chunkflow')
  )
}

interface RecordedPlugin {
  readonly name: string
  readonly type: 'user' | 'link'
  readonly root?: string
}

/** Plugins that oclif recorded as installed or linked; node_modules is never searched. */
export async function installedPlugins(folder = dataFolder()): Promise<PluginSource[]> {
  const manifest = await readJson<{ oclif?: { plugins?: RecordedPlugin[] } }>(
    path.join(folder, 'package.json'),
  )
  const sources: PluginSource[] = []
  for (const { name, type, root } of manifest?.oclif?.plugins ?? []) {
    const home = type === 'link' && root !== undefined ? root : path.join(folder, 'node_modules', name)
    const slice = await readJson<PluginSlice>(path.join(home, 'chunkflow.plugin.json'))
    sources.push({
      slice: slice ?? brokenSlice(name),
      origin: type === 'link' ? 'linked' : 'installed',
      entry: async () => pathToFileURL(path.join(home, await entryFile(home))).href,
    })
  }
  return sources
}

/** A plugin without a readable slice: no API version fits it, so it is quarantined. */
const brokenSlice = (name: string): PluginSlice => ({
  package: name,
  version: 'unknown',
  apiVersion: Number.NaN,
  description: '',
  operators: [],
  services: [],
  hooks: [],
  permissions: [],
})

async function entryFile(home: string): Promise<string> {
  const manifest = await readJson<{ exports?: unknown; main?: string }>(path.join(home, 'package.json'))
  const exported = manifest?.exports
  const main = typeof exported === 'string' ? exported : pick(exported, '.')
  return typeof main === 'string'
    ? main
    : ((pick(main, 'default') as string | undefined) ?? manifest?.main ?? 'dist/plugin.js')
}

const pick = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined

async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T
  } catch {
    return undefined
  }
}
