/** Plugins of somebody else, made on the spot: built with the SDK's build and packed, as their authors would. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPlugin } from '../../sdk/src/build/plugin.js'
import { ROOT, workFolder } from '../pipelines/chunkflow.js'

const folder = workFolder()
process.on('exit', () => folder.remove())

export interface MadePlugin {
  readonly folder: string
  readonly tarball: string
  readonly manifest: { readonly name: string; readonly version: string }
}

/** Sources by file name below `src`; `plugin.ts` is the entry. */
type Sources = Readonly<Record<string, string>>

/** Builds and packs a plugin from sources. */
export async function makePlugin(name: string, version: string, sources: Sources): Promise<MadePlugin> {
  const home = startPackage(name, version)
  mkdirSync(path.join(home, 'node_modules'))
  symlinkSync(path.join(ROOT, 'node_modules/@chunkflow'), path.join(home, 'node_modules/@chunkflow'))
  for (const [file, text] of Object.entries(sources)) {
    const target = path.join(home, 'src', file)
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
  await buildPlugin(home, { conditions: ['source'] })
  return packed(home, name, version)
}

/** A package with files of any content: for what no build would write. */
export function makePackage(
  name: string,
  version: string,
  files: Readonly<Record<string, unknown>>,
): MadePlugin {
  const home = startPackage(name, version)
  mkdirSync(path.join(home, 'dist'))
  for (const [file, content] of Object.entries(files))
    writeFileSync(path.join(home, file), typeof content === 'string' ? content : JSON.stringify(content))
  return packed(home, name, version)
}

/** The plugin of `acme`, which has one of everything. */
export const makeAcme = (): Promise<MadePlugin> =>
  (acme ??= makePlugin(
    'chunkflow-plugin-acme',
    '1.0.0',
    Object.fromEntries(
      ['plugin.ts', 'double.ts', 'services.ts'].map((file) => [
        file,
        readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'acme', file), 'utf8'),
      ]),
    ),
  ))
let acme: Promise<MadePlugin> | undefined

/** A plugin with one operator that does nothing, called as the plugin is. */
export const operatorPlugin = (
  name: string,
  version: string,
  settings = '',
  operator = name,
): Promise<MadePlugin> =>
  makePlugin(name, version, {
    'plugin.ts': `import { definePlugin } from '@chunkflow/sdk'
export default definePlugin({ name: '${name}', operators: { '${operator}': () => import('./operator.js') }, ${settings} })`,
    'operator.ts': `import { defineOperator } from '@chunkflow/sdk'
export default defineOperator({
  name: '${operator}', summary: 'Say the version', examples: [], flags: {}, effects: 'pure',
  create: ({ logger }) => ({ run: () => logger.result('${name} ${version}') }),
})`,
  })

function startPackage(name: string, version: string): string {
  const home = folder.file(`${name.replace('/', '-')}-${version}`)
  mkdirSync(home)
  writeFileSync(
    path.join(home, 'package.json'),
    JSON.stringify({
      name,
      version,
      description: 'A plugin of somebody else',
      type: 'module',
      exports: { '.': './dist/plugin.js', './package.json': './package.json' },
      files: ['dist', 'chunkflow.plugin.json'],
      oclif: {},
    }),
  )
  return home
}

function packed(home: string, name: string, version: string): MadePlugin {
  const staging = `${home}-packed/package`
  for (const file of ['package.json', 'chunkflow.plugin.json', 'dist'])
    if (existsSync(path.join(home, file)))
      cpSync(path.join(home, file), path.join(staging, file), { recursive: true })
  const tarball = `${home}.tgz`
  execFileSync('tar', ['-czf', tarball, '-C', path.dirname(staging), 'package'])
  const manifest = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as MadePlugin['manifest']
  return { folder: home, tarball, manifest: { ...manifest, name, version } }
}
