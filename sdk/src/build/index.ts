/** Building plugins: kernels, bundles, registry slices, the reference in their READMEs. */
import { formatChunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'
import { buildPlugin } from './plugin.js'
import { updateReadme } from './readme.js'

export { insertReference, pluginReference } from './flag-table.js'
export * from './kernels.js'
export * from './plugin.js'
export * from './readme.js'
export * from './wasm.js'

const USAGE = `Usage: chunkflow-plugin build [--check] [folder]

  Compiles kernels, bundles the plugin into dist/, writes chunkflow.plugin.json and the reference in README.md.
  --check  fails when the reference is out of date, instead of writing it
`

/** The command `chunkflow-plugin`. Sets the exit code: 1 when something is wrong with the plugin, 2 for a wrong command. */
export async function main(argv: readonly string[]): Promise<void> {
  const [command, ...rest] = argv
  const folders = rest.filter((word) => !word.startsWith('-'))
  const wrong = rest.some((word) => word.startsWith('-') && word !== '--check') || folders.length > 1
  if (command !== 'build' || wrong) {
    process.stderr.write(USAGE)
    process.exitCode = 2
    return
  }
  try {
    await build(folders[0] ?? '.', rest.includes('--check'))
  } catch (error) {
    const text = isChunkflowError(error) ? formatChunkflowError(error) : (error as Error).message
    process.stderr.write(`${text}\n`)
    process.exitCode = 1
  }
}

async function build(place: string, check: boolean): Promise<void> {
  const { resolve } = await import('node:path')
  const folder = resolve(place)
  const slice = await buildPlugin(folder)
  const state = await updateReadme(folder, slice, { check })
  const names = slice.operators.map(({ name }) => name).join(', ') || 'no operators'
  process.stdout.write(`${slice.package} ${slice.version}: ${names}\n`)
  if (state === 'stale') {
    process.stderr.write('README.md is out of date: run npm run build\n')
    process.exitCode = 1
  }
}
