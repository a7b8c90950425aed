/** Building plugins: kernels, bundles, registry slices. */
import { buildPlugin } from './plugin.js'

export * from './kernels.js'
export * from './plugin.js'
export * from './wasm.js'

/** The command `chunkflow-plugin build [folder]`. */
export async function main(argv: readonly string[]): Promise<void> {
  const [command, folder = '.'] = argv
  if (command !== 'build') {
    console.error('Usage: chunkflow-plugin build [folder]')
    process.exitCode = 2
    return
  }
  const { resolve } = await import('node:path')
  const slice = await buildPlugin(resolve(folder))
  console.log(
    `${slice.package} ${slice.version}: ${slice.operators.map(({ name }) => name).join(', ') || 'no operators'}`,
  )
}
