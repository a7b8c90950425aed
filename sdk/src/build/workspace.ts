/** `npm run build`: everything in this repository, from source to what is packed. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { emitApiTypes, emitSdkTypes } from './declarations.js'
import { findKernelSources } from './kernels.js'
import { oneCore } from './one-core.js'
import { buildPlugin, NODE_BUNDLE } from './plugin.js'
import { compileKernels } from './wasm.js'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')

/** Folders of the first-party plugins, in alphabetical order. */
export async function pluginFolders(): Promise<string[]> {
  const entries = await readdir(path.join(root, 'plugins'), { withFileTypes: true })
  return entries
    .filter(
      (entry) => entry.isDirectory() && existsSync(path.join(root, 'plugins', entry.name, 'src/plugin.ts')),
    )
    .map((entry) => path.join(root, 'plugins', entry.name))
    .sort()
}

export async function buildSdk(): Promise<void> {
  const folder = path.join(root, 'sdk')
  await rm(path.join(folder, 'dist'), { recursive: true, force: true })
  await build({
    ...NODE_BUNDLE,
    absWorkingDir: folder,
    entryPoints: Object.fromEntries(
      [
        'index',
        'numerics/index',
        'compute/index',
        'storage/index',
        'testing/index',
        'build/index',
        'registry/index',
      ].map((entry) => [entry.replace(/\/index$/, ''), `src/${entry}.ts`]),
    ),
    conditions: ['source'],
    external: ['esbuild', 'assemblyscript', 'fast-check', 'uvu', 'tsx'],
    logLevel: 'warning',
  })
}

export async function buildCli(slices: unknown[]): Promise<void> {
  const folder = path.join(root, 'cli')
  await rm(path.join(folder, 'dist'), { recursive: true, force: true })
  await build({
    ...NODE_BUNDLE,
    absWorkingDir: folder,
    entryPoints: { entry: 'src/entry.ts', api: 'src/api/index.ts' },
    // names stay: messages and stacks show them, and keeping them beside shortened ones costs a call for every function
    minifyWhitespace: true,
    minifySyntax: true,
    conditions: ['source'],
    legalComments: 'linked',
    plugins: [oneCore(path.join(folder, 'src/main.ts'), path.join(folder, 'src'))],
    // CommonJS dependencies call require for Node's own modules
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  })
  await writeFile(path.join(folder, 'dist/registry.json'), JSON.stringify({ schema: 1, plugins: slices }))
}

/** What `plugins new` copies: the template, and the SDK as a tarball while it is in no registry. */
async function shipAuthoringKit(): Promise<void> {
  const target = path.join(root, 'cli/dist')
  await cp(path.join(root, 'sdk/templates'), path.join(target, 'templates'), { recursive: true })
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', target],
    { cwd: path.join(root, 'sdk') },
  )
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  await rename(path.join(target, filename), path.join(target, 'chunkflow-sdk.tgz'))
}

export async function buildWorkspace(): Promise<void> {
  const folders = await pluginFolders()
  await compileKernels(await findKernelSources(path.join(root, 'sdk/src')))
  await buildSdk()
  const slices = []
  for (const folder of folders) slices.push(await buildPlugin(folder, { conditions: ['source'] }))
  await buildCli(slices)
  await Promise.all([emitSdkTypes(root), emitApiTypes(root)])
  await shipAuthoringKit()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWorkspace()
