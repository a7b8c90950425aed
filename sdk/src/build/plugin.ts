import { existsSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  describePlugin,
  isPlugin,
  type PluginDefinition,
  type PluginSlice,
} from '@chunkflow/kernel/authoring'
import type { BuildOptions, Plugin as EsbuildPlugin } from 'esbuild'
import { readSlice } from '../registry/index.js'
import { findKernelSources } from './kernels.js'
import { compileKernels } from './wasm.js'

export interface BuildSettings {
  /** Extra package export conditions; `source` inside this repository. */
  readonly conditions?: readonly string[]
}

/**
 * Builds a plugin folder: kernels, one ESM bundle with a chunk per operator, worker entries, assets,
 * `chunkflow.plugin.json`.
 * `@chunkflow/*` is bundled in; other packages stay imports.
 */
export async function buildPlugin(folder: string, settings: BuildSettings = {}): Promise<PluginSlice> {
  await compileKernels(await findKernelSources(path.join(folder, 'src')))
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    description: string
  }
  const dist = path.join(folder, 'dist')
  await rm(dist, { recursive: true, force: true })
  await bundle(folder, { plugin: 'src/plugin.ts' }, settings)
  const definition = await importPlugin(path.join(dist, 'plugin.js'))
  await makeAssets(folder)
  for (const file of Object.values(definition.assets))
    await cp(path.join(folder, 'src', file), path.join(dist, file), { recursive: true })
  const workers = Object.values(definition.workers)
  if (workers.length > 0)
    await bundle(
      folder,
      Object.fromEntries(
        workers.map((file) => [file.replace(/^\.\//, '').replace(/\.ts$/, ''), path.join('src', file)]),
      ),
      settings,
    )
  const slice = readSlice(await describePlugin(definition, manifest), folder)
  await writeFile(path.join(folder, 'chunkflow.plugin.json'), `${JSON.stringify(slice, null, 2)}\n`)
  return slice
}

async function importPlugin(file: string): Promise<PluginDefinition> {
  const { default: definition } = (await import(`${pathToFileURL(file).href}?built=${Date.now()}`)) as {
    default: unknown
  }
  if (!isPlugin(definition)) throw new Error(`${file} has no plugin definition as its default export`)
  return definition
}

/** Assets that are themselves built: a plugin's `build/assets.ts` makes them before they are copied. */
async function makeAssets(folder: string): Promise<void> {
  const script = path.join(folder, 'build/assets.ts')
  if (!existsSync(script)) return
  const { default: make } = (await import(pathToFileURL(script).href)) as { default: () => Promise<void> }
  await make()
}

/** Modules for Node in `dist/`. Split: else what one of them imports is loaded with all of them. */
export const NODE_BUNDLE = {
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  chunkNames: 'chunks/[name]-[hash]',
} as const satisfies BuildOptions

async function bundle(
  folder: string,
  entryPoints: Record<string, string>,
  { conditions = [] }: BuildSettings,
): Promise<void> {
  const { build } = await import('esbuild')
  await build({
    ...NODE_BUNDLE,
    absWorkingDir: folder,
    entryPoints,
    conditions: [...conditions],
    // less to compile at every start; names stay, and source maps tell the lines
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [externalPackages],
  })
}

/** Everything imported by package name stays an import, except our own packages. */
const externalPackages: EsbuildPlugin = {
  name: 'external-packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path: specifier, kind }) => {
      if (kind === 'entry-point' || path.isAbsolute(specifier) || specifier.startsWith('@chunkflow/'))
        return undefined
      return { path: specifier, external: true }
    })
  },
}
