import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Compute, KernelArgument, KernelCall } from '@chunkflow/sdk'
import { build, type Plugin } from 'esbuild'

const folder = path.dirname(fileURLToPath(import.meta.url))

type Exports = Record<string, (...args: number[]) => number> & { memoryBytes: Uint8Array }

/**
 * COMPUTE on this thread, for kernels compiled to JavaScript from the source that WebAssembly is made of. What AssemblyScript
 * says and JavaScript does not - wrapping products, whole quotients - kernels keep in `parts/`, for which the files of this
 * folder stand in. Elements of generic kernels (`load<T>`) are 64-bit ones, which JavaScript has as bigints.
 * @param sources AssemblyScript files
 */
export async function javascriptCompute(sources: readonly URL[]): Promise<Pick<Compute, 'open' | 'run'>> {
  const kernels = new Map<string, Exports>()
  for (const source of sources) {
    const file = fileURLToPath(source)
    kernels.set(path.basename(file, '.ts'), await compile(file))
  }
  return {
    run: async ({ name }, call) => run(kernels.get(name)!, call, new Map(), { top: 64 }),
    open: async ({ name }) => {
      const exports = kernels.get(name)!
      const kept = new Map<string, { address: number; bytes: number }>()
      const state = { top: 64 }
      return {
        call: async (call) => run(exports, call, kept, state),
        readKept: async (region, offset, target) => {
          const start = kept.get(region)!.address + offset
          bytesOf(target).set(exports.memoryBytes.subarray(start, start + target.byteLength))
        },
        keptView: async (region) => {
          const { address, bytes } = kept.get(region)!
          return exports.memoryBytes.subarray(address, address + bytes)
        },
        close: async () => {},
      }
    },
  }
}

/** Types vanish, loads and stores are renamed by their type; SIMD is switched off as AssemblyScript's own constant says. */
async function compile(source: string): Promise<Exports> {
  const toJavascript: Plugin = {
    name: 'assemblyscript',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/parts\// }, ({ path: part, resolveDir }) => {
        const standIn = path.join(folder, `${path.basename(part)}.ts`)
        return { path: existsSync(standIn) ? standIn : path.join(resolveDir, `${part}.ts`) }
      })
      onLoad({ filter: /assembly[\\/](parts[\\/])?[^\\/]+\.ts$/ }, async ({ path: file }) => ({
        contents: (await readFile(file, 'utf8'))
          .replace(/^@inline$/gm, '')
          .replace(/\b(load|store)<(\w+)>\(/g, '$1_$2('),
        loader: 'ts',
      }))
    },
  }
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from './${path.basename(source)}'; export { memoryBytes } from ${JSON.stringify(path.join(folder, 'runtime.ts'))}`,
      resolveDir: path.dirname(source),
    },
    inject: [path.join(folder, 'runtime.ts')],
    define: { ASC_FEATURE_SIMD: 'false' },
    plugins: [toJavascript],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
  })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`) as Promise<Exports>
}

/** Stands for the address above the other arguments, which is known when they are placed. */
const HEAP = -1

/** The calling convention of KernelArgument. */
function run(
  exports: Exports,
  { export: name, args }: KernelCall,
  kept: Map<string, { address: number; bytes: number }>,
  state: { top: number },
): number {
  const align = (address: number): number => Math.ceil(address / 16) * 16
  for (const argument of args)
    if (typeof argument === 'object' && 'keep' in argument && !kept.has(argument.keep)) {
      kept.set(argument.keep, { address: state.top, bytes: argument.bytes })
      exports.memoryBytes.fill(0, state.top, state.top + argument.bytes)
      state.top = align(state.top + argument.bytes)
    }
  let top = state.top
  const placed = args.map((argument) => {
    if (typeof argument === 'number') return argument
    if ('keep' in argument) return kept.get(argument.keep)!.address
    if ('heap' in argument) return HEAP
    const address = top
    top = align(address + ('scratch' in argument ? argument.scratch : viewOf(argument).byteLength))
    if ('in' in argument) exports.memoryBytes.set(bytesOf(argument.in), address)
    return address
  })
  const result = exports[name]!(...placed.map((address) => (address === HEAP ? top : address)))
  args.forEach((argument, index) => {
    if (typeof argument === 'object' && 'out' in argument)
      bytesOf(argument.out).set(
        exports.memoryBytes.subarray(placed[index]!, placed[index]! + argument.out.byteLength),
      )
  })
  return result
}

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

const viewOf = (argument: Extract<KernelArgument, object>): ArrayBufferView => {
  if ('in' in argument) return argument.in
  if ('out' in argument) return argument.out
  throw new Error('the kernels of this bench have no other views')
}
