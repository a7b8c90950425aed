import path from 'node:path'
import type { Plugin } from 'esbuild'

/**
 * Keeps what a program loads at its start in one file. esbuild puts modules into a file of their own for every set of
 * entries and lazy imports that shares them, so a start would read a dozen small files, each resolved and compiled apart. Here
 * every entry and every lazy import goes through a module that also imports the first one: all of them then share everything
 * that it needs. Lazily imported modules have named exports only.
 * @param first absolute path of the module that the program starts with
 * @param sources absolute path of the folder whose lazy imports count
 */
export function oneCore(first: string, sources: string): Plugin {
  const resolving = Symbol('resolving')
  const namespace = 'with-core'
  return {
    name: 'one-core',
    setup(build) {
      build.onResolve(
        { filter: /./ },
        async ({ path: specifier, kind, importer, resolveDir, pluginData }) => {
          const ours =
            kind === 'entry-point' || (kind === 'dynamic-import' && importer.startsWith(sources + path.sep))
          if (!ours || pluginData === resolving) return undefined
          const found = await build.resolve(specifier, { kind, importer, resolveDir, pluginData: resolving })
          return found.external || found.path === first ? found : { path: found.path, namespace }
        },
      )
      build.onLoad({ filter: /./, namespace }, ({ path: file }) => ({
        contents: `import ${JSON.stringify(first)}\nexport * from ${JSON.stringify(file)}\n`,
        loader: 'ts',
        resolveDir: path.dirname(file),
      }))
    },
  }
}
