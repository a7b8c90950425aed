import { SourceMap, type SourceMapPayload } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import * as sdk from '@chunkflow/sdk'
import { chunkflowError } from '@chunkflow/sdk'
import type { BuildFailure, Plugin } from 'esbuild'

export interface CompiledScript {
  /** To be imported. */
  readonly url: string
  /** The stack of an error with the lines of the file instead of the compiled ones. */
  stackOf(error: Error): string
  /** `/home/me/my_plugin.ts:12` of an error's innermost line in the script. */
  placeOf(error: unknown): string | undefined
}

/** What scripts import without having it installed: the copies that this plugin has. */
const SHIPPED: Readonly<Record<string, () => Promise<object>>> = {
  '@chunkflow/sdk': async () => sdk,
  '@chunkflow/sdk/numerics': () => import('@chunkflow/sdk/numerics'),
}
const MODULES = Symbol.for('chunkflow.script.modules')
const modules: Record<string, object> = {}

/**
 * Compiles a file with what it imports by relative path into one module in memory. Packages are taken from where the file
 * lies.
 * @throws plugin-file-invalid with the place of the mistake
 */
export async function compileScript(file: string): Promise<CompiledScript> {
  const { build } = await import('esbuild')
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: path.dirname(file),
      outdir: path.dirname(file),
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: `node${process.versions.node}`,
      sourcemap: 'external',
      define: {
        'import.meta.url': JSON.stringify(pathToFileURL(file).href),
        'import.meta.filename': JSON.stringify(file),
        'import.meta.dirname': JSON.stringify(path.dirname(file)),
      },
      logLevel: 'silent',
      plugins: [shippedModules, packagesOfTheFile],
    })
    const map = outputFiles.find(({ path: name }) => name.endsWith('.map'))!.text
    const code = outputFiles.find(({ path: name }) => !name.endsWith('.map'))!.text
    return load(file, code, JSON.parse(map) as SourceMapPayload)
  } catch (error) {
    throw invalid(file, error)
  }
}

function load(file: string, code: string, payload: SourceMapPayload): CompiledScript {
  const name = `chunkflow-script:${path.basename(file)}`
  const source = Buffer.from(`${code}\n//# sourceURL=${name}\n`).toString('base64')
  const map = new SourceMap(payload)
  const places = new RegExp(`${name.replaceAll(/\W/g, '\\$&')}:(\\d+):(\\d+)`, 'g')
  const original = (line: string, column: string): string | undefined => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
    if (!('originalSource' in entry)) return undefined
    return `${path.resolve(path.dirname(file), entry.originalSource)}:${entry.originalLine + 1}`
  }
  return {
    url: `data:text/javascript;base64,${source}`,
    stackOf: ({ stack = '' }) =>
      stack.replaceAll(places, (place, line: string, column: string) => original(line, column) ?? place),
    placeOf(error) {
      if (!(error instanceof Error)) return undefined
      for (const [, line, column] of (error.stack ?? '').matchAll(places)) {
        const place = original(line!, column!)
        if (place !== undefined) return place
      }
      return undefined
    },
  }
}

const shippedModules: Plugin = {
  name: 'shipped-modules',
  setup(build) {
    build.onResolve({ filter: /^@chunkflow\/sdk/ }, ({ path: specifier }) =>
      Object.hasOwn(SHIPPED, specifier) ? { path: specifier, namespace: 'chunkflow' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'chunkflow' }, async ({ path: specifier }) => {
      const module = await SHIPPED[specifier]!()
      Object.assign(globalThis, { [MODULES]: Object.assign(modules, { [specifier]: module }) })
      const source = `globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(MODULES))})]`
      return {
        contents: `export const { ${Object.keys(module).join(', ')} } = ${source}[${JSON.stringify(specifier)}]`,
      }
    })
  },
}

/** Packages stay modules of their own: they may carry native code. A module in memory has no place to look from. */
const packagesOfTheFile: Plugin = {
  name: 'packages-of-the-file',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path: specifier, kind, resolveDir, pluginData }) => {
      if (kind === 'entry-point' || pluginData === MODULES || specifier.startsWith('node:')) return undefined
      const found = await build.resolve(specifier, { kind, resolveDir, pluginData: MODULES })
      if (found.errors.length > 0 || found.external || found.namespace !== 'file') return found
      return { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

function invalid(file: string, error: unknown): Error {
  const [first] = (error as Partial<BuildFailure>).errors ?? []
  if (first === undefined) return error as Error
  const { location, text } = first
  const where =
    location === null ? file : `${path.resolve(path.dirname(file), location.file)}:${location.line}`
  return chunkflowError('plugin-file-invalid', `${path.basename(file)} cannot be compiled: ${text}`, {
    where,
    fix: 'correct it; of packages it may import @chunkflow/sdk and what is installed where it lies',
  })
}
