import { SourceMap, type SourceMapPayload } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import * as sdk from '@chunkflow/sdk'
import { chunkflowError } from '@chunkflow/sdk'
import type { BuildFailure, Plugin } from 'esbuild'

export interface CompiledScript {
  /** To be imported. */
  readonly url: string
  /** `/home/me/my_plugin.ts:12` of an error's innermost line in the script. */
  placeOf(error: unknown): string | undefined
}

/** Scripts import `@chunkflow/sdk` without having it installed: they get the copy that this plugin has. */
const SDK = Symbol.for('chunkflow.script.sdk')

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
      plugins: [shippedSdk, packagesOfTheFile],
    })
    const map = outputFiles.find(({ path: name }) => name.endsWith('.map'))!.text
    const code = outputFiles.find(({ path: name }) => !name.endsWith('.map'))!.text
    return load(file, code, JSON.parse(map) as SourceMapPayload)
  } catch (error) {
    throw invalid(file, error)
  }
}

function load(file: string, code: string, payload: SourceMapPayload): CompiledScript {
  Object.assign(globalThis, { [SDK]: sdk })
  const name = `chunkflow-script:${path.basename(file)}`
  const source = Buffer.from(`${code}\n//# sourceURL=${name}\n`).toString('base64')
  const map = new SourceMap(payload)
  return {
    url: `data:text/javascript;base64,${source}`,
    placeOf(error) {
      const stack = error instanceof Error ? (error.stack ?? '') : ''
      const at = stack.indexOf(`${name}:`)
      const [, line, column] = /^(\d+):(\d+)/.exec(stack.slice(at + name.length + 1)) ?? []
      if (at < 0 || line === undefined || column === undefined) return undefined
      const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
      if (!('originalSource' in entry)) return undefined
      return `${path.resolve(path.dirname(file), entry.originalSource)}:${entry.originalLine + 1}`
    },
  }
}

const shippedSdk: Plugin = {
  name: 'shipped-sdk',
  setup(build) {
    build.onResolve({ filter: /^@chunkflow\/sdk$/ }, () => ({ path: 'sdk', namespace: 'chunkflow' }))
    build.onLoad({ filter: /.*/, namespace: 'chunkflow' }, () => ({
      contents: `export const { ${Object.keys(sdk).join(', ')} } = globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(SDK))})]`,
    }))
  },
}

/** Packages stay modules of their own: they may carry native code. A module in memory has no place to look from. */
const packagesOfTheFile: Plugin = {
  name: 'packages-of-the-file',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path: specifier, kind, resolveDir, pluginData }) => {
      if (kind === 'entry-point' || pluginData === SDK || specifier.startsWith('node:')) return undefined
      const found = await build.resolve(specifier, { kind, resolveDir, pluginData: SDK })
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
