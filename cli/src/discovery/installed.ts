import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import type { PluginSource } from '@chunkflow/kernel/host'
import { dataFolder } from './folders.js'
import { sliceFault } from './slice-fault.js'

/** What the plugin manager records of a plugin. */
export interface RecordedPlugin {
  readonly name: string
  readonly type: 'user' | 'link'
  /** Folder of a linked plugin. */
  readonly root?: string
  /** Version or tag of a plugin that came by name from the npm registry. */
  readonly tag?: string
  /** Where a plugin came from that did not. */
  readonly url?: string
}

export const SLICE_FILE = 'chunkflow.plugin.json'

/** The plugins that oclif recorded as installed or linked. @throws SyntaxError when the record is damaged */
export function recordedPlugins(folder = dataFolder()): readonly RecordedPlugin[] {
  const manifest = readJson(path.join(folder, 'package.json')) as
    | { oclif?: { plugins?: RecordedPlugin[] } }
    | undefined
  return manifest?.oclif?.plugins ?? []
}

export const homeOf = ({ name, type, root }: RecordedPlugin, folder = dataFolder()): string =>
  type === 'link' && root !== undefined ? root : path.join(folder, 'node_modules', name)

/**
 * Installed and linked plugins, from JSON files only; node_modules is never searched. Files are read at once and in order:
 * for some dozens of small ones that is faster than anything asynchronous.
 */
export function installedPlugins(folder = dataFolder()): PluginSource[] {
  let recorded: readonly RecordedPlugin[]
  try {
    recorded = recordedPlugins(folder)
  } catch (error) {
    const record = path.join(folder, 'package.json')
    return [
      brokenSource(record, 'installed', `the list of installed plugins cannot be read: ${message(error)}`),
    ]
  }
  return recorded.map((plugin) => sourceOf(plugin, folder))
}

function sourceOf(plugin: RecordedPlugin, folder: string): PluginSource {
  const home = homeOf(plugin, folder)
  const origin = plugin.type === 'link' ? 'linked' : 'installed'
  const file = path.join(home, SLICE_FILE)
  try {
    const slice = readJson(file)
    const fault = slice === undefined ? `${file} is missing` : sliceFault(slice, plugin.name)
    if (fault !== undefined) return brokenSource(plugin.name, origin, fault)
    return {
      slice: slice as PluginSlice,
      origin,
      entry: () => pathToFileURL(path.join(home, entryFile(home))).href,
    }
  } catch (error) {
    return brokenSource(plugin.name, origin, `${file} cannot be read: ${message(error)}`)
  }
}

const message = (error: unknown): string => (error as Error).message

const brokenSource = (name: string, origin: PluginSource['origin'], broken: string): PluginSource => ({
  slice: {
    package: name,
    version: 'unknown',
    apiVersion: Number.NaN,
    description: '',
    operators: [],
    services: [],
    hooks: [],
    permissions: [],
  },
  origin,
  broken,
  entry: () => {
    throw new Error(broken)
  },
})

/** A package's main file, relative to its folder. */
function entryFile(home: string): string {
  const manifest = readJson(path.join(home, 'package.json')) as
    | { exports?: unknown; main?: string }
    | undefined
  const exported = manifest?.exports
  const main = typeof exported === 'string' ? exported : pick(exported, '.')
  return typeof main === 'string'
    ? main
    : ((pick(main, 'default') as string | undefined) ?? manifest?.main ?? 'dist/plugin.js')
}

const pick = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined

/** Undefined when there is no such file. */
function readJson(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
  return JSON.parse(text) as unknown
}
