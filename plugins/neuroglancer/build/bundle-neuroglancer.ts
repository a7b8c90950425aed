import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import { packageFolder } from './licenses.ts'

/** Everything that this plugin does not serve is left out: other data sources, clouds, their sign-in pages. */
const CONDITIONS = [
  'neuroglancer/datasource:none_by_default',
  'neuroglancer/datasource/precomputed:enabled',
  'neuroglancer/kvstore:none_by_default',
  'neuroglancer/kvstore/http:enabled',
]

/** Icons of ikonate's later, unpublished state that Neuroglancer asks for. */
const ICONS: Readonly<Record<string, string>> = {
  'code-alt': '<path d="M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14"/>',
  'controls-alt': '<path d="M6 3v6M6 15v6M12 3v3M12 12v9M18 3v9M18 18v3M3.5 12h5M9.5 9h5M15.5 15h5"/>',
  layers: '<path d="M12 3l9 5-9 5-9-5zM3 12.5l9 5 9-5M3 16.5l9 5 9-5"/>',
}
const iconSvg = (shape: string): string =>
  `<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2">${shape}</svg>`

/**
 * Bundles Neuroglancer: the page's script and its two kinds of workers.
 * @returns the files that went in
 */
export async function bundleNeuroglancer(entry: string, folder: string): Promise<string[]> {
  const library = path.join(packageFolder('neuroglancer'), 'lib')
  const { metafile } = await build({
    entryPoints: {
      main: entry,
      'chunk_worker.bundle': path.join(library, 'chunk_worker.bundle.js'),
      'async_computation.bundle': path.join(library, 'async_computation.bundle.js'),
    },
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: CONDITIONS,
    define: { NEUROGLANCER_BUILD_INFO: 'undefined', 'process.env.NODE_ENV': '"production"' },
    loader: { '.svg': 'text' },
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
    plugins: [rawIcons, unservedDecoders(library), siblingWorkers(library)],
  })
  return Object.keys(metafile.inputs)
}

/** `import icon from '….svg?raw'` gives the text. */
const rawIcons: Plugin = {
  name: 'raw-icons',
  setup(build) {
    build.onResolve({ filter: /\.svg\?raw$/ }, async ({ path: specifier, resolveDir, kind, importer }) => {
      const file = specifier.replace(/\?raw$/, '')
      const missing = /^ikonate\/icons\/(.*)\.svg$/.exec(file)?.[1]
      if (missing !== undefined && Object.hasOwn(ICONS, missing))
        return { path: missing, namespace: 'drawn-icon' }
      return build.resolve(file, { resolveDir, kind, importer })
    })
    build.onLoad({ filter: /.*/, namespace: 'drawn-icon' }, ({ path: name }) => ({
      contents: iconSvg(ICONS[name]!),
      loader: 'text',
    }))
  },
}

/** Decoders in WebAssembly, of other licences, for encodings in which this plugin never serves anything, by file. */
const UNSERVED: Readonly<Record<string, readonly string[]>> = {
  'mesh/draco/index.js': ['decodeDraco', 'decodeDracoPartitioned'],
  'sliceview/compresso/index.js': ['decompressCompresso'],
  'sliceview/jxl/index.js': ['decompressJxl'],
  'sliceview/png/index.js': ['decompressPng'],
}

const unservedDecoders = (library: string): Plugin => ({
  name: 'unserved-decoders',
  setup(build) {
    build.onLoad({ filter: /index\.js$/ }, ({ path: file }) => {
      const names = UNSERVED[path.relative(library, file).replaceAll(path.sep, '/')]
      if (names === undefined) return undefined
      const refuse = (name: string): string =>
        `export const ${name} = () => { throw new Error('${name}: not part of this page') }`
      return { contents: names.map(refuse).join('\n') }
    })
  },
})

/** `new URL('./worker.js', import.meta.url)`: workers are entries of the bundle, beside the page's script. */
const siblingWorkers = (library: string): Plugin => ({
  name: 'sibling-workers',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, async ({ path: file }) => {
      if (!file.startsWith(library)) return undefined
      const text = await readFile(file, 'utf8')
      if (!text.includes('import.meta.url')) return undefined
      const contents = text.replace(
        /new URL\(\s*"([^"]+\.js)",\s*import\.meta\.url,?\s*\)/g,
        (_, specifier: string) => `new URL("./${path.basename(specifier)}", import.meta.url)`,
      )
      return { contents, loader: 'js' }
    })
  },
})
