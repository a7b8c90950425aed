import { build } from 'esbuild'

/** Bundles the slice viewer's page script. */
export async function bundleViewPage(entry: string, folder: string): Promise<void> {
  await build({
    entryPoints: { main: entry },
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['source'],
    legalComments: 'none',
    logLevel: 'warning',
  })
}
